namespace LocalCloud;

/// <summary>What the seed's documents were filled in with when they were put into a registry.</summary>
internal sealed record SeedSettings(string Region, string AccountId, string ProductName, string TemplateName)
{
    /// <summary>Counts what has come to the seed beside its policies and templates: 1 is the thing type.</summary>
    public int Edition { get; init; }

    /// <summary>Whether the claim's policies are those with CreateCertificateFromCsr.</summary>
    public bool AllowCsr { get; init; }

    /// <summary>Whether the devices' policies are those with rotation.</summary>
    public bool AllowRotation { get; init; }

    public static SeedSettings Of(LocalCloudOptions options) =>
        new(options.Region, options.AccountId, options.ProductName, options.TemplateName) { Edition = 1, AllowCsr = options.AllowCsr, AllowRotation = options.AllowRotation };
}
