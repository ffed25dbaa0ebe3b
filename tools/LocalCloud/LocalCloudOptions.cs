using System.Collections.Immutable;
using System.Net;

namespace LocalCloud;

/// <summary>How a <see cref="LocalCloudServer"/> runs.</summary>
public sealed record LocalCloudOptions
{
    /// <summary>Where its state is kept: registry, root and server certificate, claim. Null keeps all of it in memory.</summary>
    public string? DataDirectory { get; init; }

    /// <summary>The name or address by which clients reach it. Its server certificate is good for this one, localhost, 127.0.0.1 and ::1.</summary>
    public string Host { get; init; } = "localhost";

    /// <summary>TCP port for MQTT over TLS, 0 to 65535; 0 takes a free one.</summary>
    public int MqttPort { get; init; }

    /// <summary>TCP port of the control plane, AWS IoT's HTTP API, 0 to 65535; 0 takes a free one.</summary>
    public int ControlPlanePort { get; init; }

    /// <summary>
    /// The address that the control plane listens on; null is this machine only. It takes any credentials and hands out
    /// private keys: whoever reaches it owns this LocalCloud.
    /// </summary>
    public IPAddress? ControlPlaneAddress { get; init; }

    /// <summary>The address to listen on; null is this machine only, 127.0.0.1 and, where there is IPv6, ::1.</summary>
    public IPAddress? ListenAddress { get; init; }

    /// <summary>AWS region of the resource names in policies; where there are <see cref="FurtherRegions"/>, the default one.</summary>
    public string Region { get; init; } = "ap-northeast-1";

    /// <summary>
    /// More regions in the same process, each with its own endpoint, registry, certificates, messages and sessions. A client's handshake
    /// says by the server name (SNI) which one it is for.
    /// </summary>
    public IReadOnlyList<string> FurtherRegions { get; init; } = [];

    /// <summary>
    /// Host names beside the regions' own endpoints, as custom domains are on AWS, and the region that each leads to. They can be changed
    /// while it runs (<see cref="LocalCloudServer.SetName"/>); at a start, these go before what was set so.
    /// </summary>
    public IReadOnlyDictionary<string, string> Names { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>AWS account of the resource names in policies, 12 digits.</summary>
    public string AccountId { get; init; } = "123456789012";

    /// <summary>The product in the topics that the device policy allows: <c>dt/PRODUCT/…</c> and <c>cmd/PRODUCT/…</c>.</summary>
    public string ProductName { get; init; } = "smpl-krsk";

    /// <summary>Name of the provisioning template by thing name, 1 to 36 of <c>[a-zA-Z0-9_-]</c>.</summary>
    public string TemplateName { get; init; } = "smpl-krsk-iot-core-prov-temp";

    /// <summary>
    /// Whether the claim may ask for a certificate for a key of the device's own (CreateCertificateFromCsr): its policies are
    /// <c>tools/aws/claim-policy-csr.json</c> then. The sample that they are otherwise leaves it out, as AWS's own does.
    /// </summary>
    public bool AllowCsr { get; init; }

    /// <summary>
    /// Whether a device may get its next certificate over the connection of the one it has, by any of the operations: its policy
    /// is <c>tools/aws/device-policy-rotation.json</c> then.
    /// </summary>
    public bool AllowRotation { get; init; }

    /// <summary>What a RegisterThing is answered that repeats an accepted one.</summary>
    public RepeatedRegistration RepeatedRegistration { get; init; }

    /// <summary>
    /// Whether a client that names no server in its TLS handshake (SNI) is refused, as AWS does. Clients name none when they
    /// are told an address instead of a host name, so nothing is demanded where <see cref="Host"/> itself is an address.
    /// </summary>
    public bool DemandServerName { get; init; } = true;

    /// <summary>
    /// How many provisioning requests are answered in a second, over all clients, before the others get 429; null for any
    /// number. On by default, as on AWS: a fleet that is powered on together must go through with it.
    /// </summary>
    public ProvisioningQuotas? ProvisioningQuotas { get; init; } = ProvisioningQuotas.Default;

    /// <summary>Whether a client id may connect only once a second, as on AWS.</summary>
    public bool LimitConnects { get; init; } = true;

    /// <summary>
    /// Whether AWS's limits on what a connection carries in a second hold: 100 published messages, of which the excess is
    /// discarded; 512 KiB, of which the excess is delayed; and 10 of the messages that were kept for a client while it was away.
    /// </summary>
    public bool LimitMessages { get; init; } = true;

    /// <summary>
    /// Pre-provisioning hooks by the name of their template, or by the ARN of the Lambda function that templates name as theirs: each
    /// is asked before a device registers by such a template, with AWS's request, and must allow it within 5 seconds. A command, which the shell runs with the request as its standard input and whose standard
    /// output is the answer, or an http URL of this machine, to which the request is posted.
    /// </summary>
    public IReadOnlyDictionary<string, string> Hooks { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>The faults that it commits; null for none. The plan may be changed while it runs.</summary>
    public FaultPlan? Faults { get; init; }

    /// <summary>The time that tokens, keep-alive and certificates go by.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Takes the log, one entry at a time; must not block. Null drops it.</summary>
    public Action<LogEntry>? Log { get; init; }

    /// <summary>All regions, the default one first.</summary>
    internal IEnumerable<string> Regions => [Region, .. FurtherRegions];

    /// <summary>What is wrong with these options: for each the name of the property and the rest of a sentence; empty when nothing is.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> FindFaults()
    {
        var faults = new List<KeyValuePair<string, string>>();
        if (Uri.CheckHostName(Host) == UriHostNameType.Unknown)
        {
            faults.Add(KeyValuePair.Create(nameof(Host), $"'{Host}' is neither a host name nor an IP address."));
        }

        if (MqttPort is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
        {
            faults.Add(KeyValuePair.Create(nameof(MqttPort), $"{MqttPort} is not between 0 and 65535."));
        }

        if (ControlPlanePort is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
        {
            faults.Add(KeyValuePair.Create(nameof(ControlPlanePort), $"{ControlPlanePort} is not between 0 and 65535."));
        }

        else if (ControlPlanePort == MqttPort && MqttPort != 0 && MayMeet(ListenAddress, ControlPlaneAddress))
        {
            faults.Add(KeyValuePair.Create(nameof(ControlPlanePort), $"{ControlPlanePort} is the port of MQTT; choose another one, or 0 for one that is free."));
        }

        if (ProvisioningQuotas is { } quotas && Enum.GetValues<ProvisioningOperation>().Any(operation => quotas.Of(operation) < 1))
        {
            faults.Add(KeyValuePair.Create(nameof(ProvisioningQuotas), "must be 1 or more, each of them."));
        }

        foreach (var region in Regions.Where(region => !IsRegion(region)))
        {
            faults.Add(KeyValuePair.Create(nameof(Region), $"'{region}' is no AWS region, such as ap-northeast-1."));
        }

        foreach (var region in Regions.GroupBy(region => region).Where(group => group.Count() > 1))
        {
            faults.Add(KeyValuePair.Create(nameof(Region), $"'{region.Key}' is given {region.Count()} times; a region is there once."));
        }

        foreach (var (name, region) in Names)
        {
            if (FindNameFault(name) is { } fault)
            {
                faults.Add(KeyValuePair.Create(nameof(Names), $"'{name}' {fault}."));
            }
            else if (!Regions.Contains(region))
            {
                faults.Add(KeyValuePair.Create(nameof(Names), $"'{name}' is to lead to '{region}', which is no region of this LocalCloud: {string.Join(", ", Regions)}."));
            }
        }

        if (AccountId.Length != 12 || !AccountId.All(char.IsAsciiDigit))
        {
            faults.Add(KeyValuePair.Create(nameof(AccountId), $"'{AccountId}' is no AWS account: 12 digits."));
        }

        if (ProductName.Length is < 1 or > 64 || !ProductName.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
        {
            faults.Add(KeyValuePair.Create(nameof(ProductName), $"'{ProductName}' cannot stand in a topic: 1 to 64 letters, digits, '_', '-', '.'."));
        }

        if (!ProvisioningTemplate.IsValidName(TemplateName))
        {
            faults.Add(KeyValuePair.Create(nameof(TemplateName), $"'{TemplateName}' is no name of a template: 1 to {ProvisioningTemplate.MaximumNameLength} letters, digits, '_' and '-'."));
        }
        else if (TemplateName == SeedDocuments.SerialTemplateName)
        {
            faults.Add(KeyValuePair.Create(nameof(TemplateName), $"'{TemplateName}' is the name of the template by serial number, which is there already."));
        }

        foreach (var (name, hook) in Hooks)
        {
            if (!ProvisioningTemplate.IsValidName(name) && !PreProvisioningHooks.IsFunctionArn(name))
            {
                faults.Add(KeyValuePair.Create(nameof(Hooks), $"'{name}' is neither a name of a template, 1 to {ProvisioningTemplate.MaximumNameLength} letters, digits, '_' and '-', nor the ARN of a Lambda function, arn:aws:lambda:REGION:ACCOUNT:function:NAME."));
            }
            else if (PreProvisioningHooks.FindFault(hook) is { } fault)
            {
                faults.Add(KeyValuePair.Create(nameof(Hooks), $"for {name} {fault}."));
            }
        }

        return faults;
    }

    /// <summary>
    /// The endpoint of a region: <see cref="Host"/> where there is one region only, and else a name of the form of AWS's under it, or
    /// under localhost where it is an address.
    /// </summary>
    /// <param name="region">The region.</param>
    internal string EndpointOf(string region) => FurtherRegions.Count == 0 ? Host : $"localcloud-ats.iot.{region}.{(IPAddress.TryParse(Host, out _) ? "localhost" : Host)}";

    /// <summary>What is wrong with a name that is to lead to a region, as the rest of a sentence, or null.</summary>
    /// <param name="name">The name.</param>
    internal string? FindNameFault(string name)
    {
        if (Uri.CheckHostName(name) != UriHostNameType.Dns || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_'))
        {
            return "is no host name, such as devices.example.com";
        }

        return FurtherRegions.Count > 0 && Regions.FirstOrDefault(region => string.Equals(EndpointOf(region), name, StringComparison.OrdinalIgnoreCase)) is { } owner
            ? $"is the endpoint of {owner} itself, and stays it"
            : null;
    }

    private static bool IsRegion(string region) =>
        region.Length is > 0 and <= 32 && region.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c == '-') && region[0] != '-' && region[^1] != '-';

    /// <summary>Whether sockets on the two addresses cannot have one port; null is this machine only.</summary>
    private static bool MayMeet(IPAddress? one, IPAddress? other) =>
        Equals(one ?? IPAddress.Loopback, other ?? IPAddress.Loopback)
        || new[] { one, other }.Any(address => address is not null && (address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)));
}
