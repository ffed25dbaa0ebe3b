namespace LocalCloud;

/// <summary>The answer to a provisioning request.</summary>
/// <param name="Topic">Where it goes.</param>
/// <param name="Payload">What it says.</param>
internal sealed record ProvisioningAnswer(string Topic, ReadOnlyMemory<byte> Payload);
