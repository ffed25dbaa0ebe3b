namespace LocalCloud;

/// <summary>A request to the control plane is refused. What it holds is what the client is told, in the words of AWS's API reference.</summary>
internal sealed class ControlPlaneException : Exception
{
    private ControlPlaneException(int statusCode, string errorCode, string message)
        : base(message)
    {
        StatusCode = statusCode;
        ErrorCode = errorCode;
    }

    public int StatusCode { get; }

    public string ErrorCode { get; }

    /// <summary>ARN of the resource that is there already, or null.</summary>
    public string? ResourceArn { get; init; }

    /// <summary>Id of the resource that is there already, or null.</summary>
    public string? ResourceId { get; init; }

    public static ControlPlaneException InvalidRequest(string message) => new(400, "InvalidRequestException", message);

    public static ControlPlaneException MalformedPolicy(string message) => new(400, "MalformedPolicyException", message);

    public static ControlPlaneException CertificateValidation(string message) => new(400, "CertificateValidationException", message);

    public static ControlPlaneException RegistrationCodeValidation(string message) => new(400, "RegistrationCodeValidationException", message);

    public static ControlPlaneException NotFound(string message) => new(404, "ResourceNotFoundException", message);

    public static ControlPlaneException CertificateState(string message) => new(406, "CertificateStateException", message);

    public static ControlPlaneException AlreadyExists(string message, string resourceArn, string? resourceId = null) =>
        new(409, "ResourceAlreadyExistsException", message) { ResourceArn = resourceArn, ResourceId = resourceId };

    public static ControlPlaneException DeleteConflict(string message) => new(409, "DeleteConflictException", message);

    public static ControlPlaneException VersionConflict(string message) => new(409, "VersionConflictException", message);

    public static ControlPlaneException VersionsLimitExceeded(string message) => new(409, "VersionsLimitExceededException", message);

    public static ControlPlaneException LimitExceeded(string message) => new(410, "LimitExceededException", message);

    public static ControlPlaneException InternalFailure(string message) => new(500, "InternalFailureException", message);

    public static ControlPlaneException UnknownOperation(string message) => new(404, "UnknownOperationException", message);

    public static ControlPlaneException MissingAuthentication(string message) => new(403, "MissingAuthenticationTokenException", message);

    public static ControlPlaneException IncompleteSignature(string message) => new(403, "IncompleteSignatureException", message);

    public static ControlPlaneException InvalidSignature(string message) => new(403, "InvalidSignatureException", message);

    /// <summary>An error of IAM's or STS's, whose codes have no ending.</summary>
    public static ControlPlaneException Query(int statusCode, string errorCode, string message) => new(statusCode, errorCode, message);
}
