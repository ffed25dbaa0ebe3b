namespace LocalCloud;

/// <summary>What is kept of the ownership token of a certificate. Of the token itself only a hash: whoever reads the registry cannot register with it.</summary>
/// <param name="TokenHash">SHA-256 of the token, as hexadecimal digits.</param>
/// <param name="ExpiresAt">When it stops being accepted: an hour after it was given (developer guide, "Device provisioning MQTT API").</param>
/// <param name="Registration">What was registered with it, or null while nothing was.</param>
public sealed record OwnershipClaim(string TokenHash, DateTimeOffset ExpiresAt, Registration? Registration);
