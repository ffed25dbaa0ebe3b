namespace LocalCloud;

/// <summary>Certificate statuses as AWS writes them.</summary>
internal static class CertificateStatusText
{
    public static string ToText(this CertificateStatus status) => status switch
    {
        CertificateStatus.PendingActivation => "PENDING_ACTIVATION",
        CertificateStatus.Active => "ACTIVE",
        CertificateStatus.Inactive => "INACTIVE",
        CertificateStatus.Revoked => "REVOKED",
        _ => throw new ArgumentOutOfRangeException(nameof(status), status, null),
    };
}
