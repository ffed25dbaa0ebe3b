namespace LocalCloud;

/// <summary>A provisioning request is refused. What it holds is what the device is told.</summary>
/// <remarks>
/// AWS publishes no list of the codes. Seen in the field are 400 InvalidCertificateOwnershipToken
/// (aws/aws-iot-device-sdk-js-v2 issue 69) and 400 InvalidParameters with "Cannot resolve reference value: NAME"; the status
/// codes are those of AWS's first C library (aws_iot_provisioning_types.h). The other codes follow the names of the HTTP API.
/// </remarks>
internal sealed class ProvisioningException : Exception
{
    private ProvisioningException(int statusCode, string errorCode, string message)
        : base(message)
    {
        StatusCode = statusCode;
        ErrorCode = errorCode;
    }

    public int StatusCode { get; }

    public string ErrorCode { get; }

    public static ProvisioningException InvalidRequest(string message) => new(400, "InvalidRequest", message);

    public static ProvisioningException InvalidToken(string message) => new(400, "InvalidCertificateOwnershipToken", message);

    public static ProvisioningException InvalidParameters(string message) => new(400, "InvalidParameters", message);

    public static ProvisioningException ResourceConflicts(string message) => new(400, "ResourceConflicts", message);

    public static ProvisioningException RegistrationFailure(string message) => new(400, "ResourceRegistrationFailure", message);

    public static ProvisioningException ResourceNotFound(string message) => new(404, "ResourceNotFound", message);

    /// <summary>A pre-provisioning hook's refusal: the developer guide names this code for it, and HTTP's 403 goes with it.</summary>
    public static ProvisioningException AccessDenied(string message) => new(403, "ACCESS_DENIED", message);

    public static ProvisioningException Throttling() => new(429, "Throttling", "Rate exceeded");

    public static ProvisioningException InternalFailure(string message) => new(500, "InternalFailure", message);

    /// <summary>What a fault plan orders.</summary>
    public static ProvisioningException Ordered(int statusCode) => new(
        statusCode,
        statusCode switch
        {
            400 => "InvalidRequest",
            401 => "Unauthorized",
            403 => "Forbidden",
            404 => "ResourceNotFound",
            409 => "ResourceConflicts",
            429 => "Throttling",
            503 => "ServiceUnavailable",
            >= 500 => "InternalFailure",
            _ => "ClientError",
        },
        "The fault plan orders this refusal.");
}
