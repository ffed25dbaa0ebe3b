using System.Net;

namespace LocalCloud;

/// <summary>A policy variable or condition key (developer guide, "AWS IoT Core policy variables").</summary>
internal sealed class PolicyVariable
{
    private const string ThingPrefix = "iot:Connection.Thing.";
    private const string AttributePrefix = ThingPrefix + "Attributes[";
    private const string AvailableKeys = CertificateAttributes.Prefix + "AvailableKeys";
    private const string LastWillTopic = "iot:LastWillTopic";
    private const string ListSuffix = ".List";

    private readonly Func<PolicyContext, IReadOnlyList<string>> _values;
    private readonly Func<PolicyContext, string> _absence;
    private readonly bool _isOfCertificate;

    private PolicyVariable(string name, Func<PolicyContext, string?> value, Func<PolicyContext, string>? absence = null)
        : this(name, context => value(context) is { } one ? [one] : [], absence, isList: false)
    {
    }

    private PolicyVariable(string name, Func<PolicyContext, IReadOnlyList<string>> values, Func<PolicyContext, string>? absence, bool isList)
    {
        Name = name;
        IsList = isList;
        _values = values;
        _absence = absence ?? (_ => "there is none");
        _isOfCertificate = name.StartsWith(CertificateAttributes.Prefix, StringComparison.Ordinal) && name != AvailableKeys;
    }

    /// <summary>What documents may name, for the message about something else.</summary>
    public static string Known =>
        $"iot:ClientId, aws:SourceIp, {ThingPrefix}ThingName, {ThingPrefix}ThingTypeName, {AttributePrefix}NAME], {ThingPrefix}IsAttached, iot:CertificateId, "
        + $"{CertificateAttributes.SerialNumber}, {AvailableKeys}, {CertificateAttributes.Prefix}Subject.… and .Issuer.…; in conditions also iot:ConnectAttributes and iot:LastWillTopic";

    /// <summary>Its name, as policies write it.</summary>
    public string Name { get; }

    /// <summary>Whether it can have several values, and so makes sense in a condition only, with ForAnyValue or ForAllValues.</summary>
    public bool IsList { get; }

    /// <summary>Whether it is a condition key and nothing else.</summary>
    public bool IsConditionKeyOnly => IsList || Name is LastWillTopic;

    /// <summary>The variable of this name, or null.</summary>
    public static PolicyVariable? Find(string name) => name switch
    {
        "iot:ClientId" => new PolicyVariable(name, context => context.ClientId),
        "aws:SourceIp" => new PolicyVariable(name, context => TextOf(context.SourceAddress)),
        "iot:CertificateId" => new PolicyVariable(name, context => context.CertificateId),
        "iot:ConnectAttributes" => new PolicyVariable(name, context => context.ConnectAttributes, absence: null, isList: true),
        LastWillTopic => new PolicyVariable(name, context => context.LastWillTopic),
        ThingPrefix + "ThingName" => new PolicyVariable(name, context => context.Thing?.Name, NoThing),
        ThingPrefix + "ThingTypeName" => new PolicyVariable(name, context => context.Thing?.TypeName, context => context.Thing is null ? NoThing(context) : $"thing {context.Thing.Name} has no type"),
        ThingPrefix + "IsAttached" => new PolicyVariable(name, context => context.Thing is null ? "false" : "true"),
        AvailableKeys => new PolicyVariable(name, context => context.Certificate?.AvailableKeys ?? [], absence: null, isList: true),
        _ when name.StartsWith(AttributePrefix, StringComparison.Ordinal) && name.EndsWith(']') => OfAttribute(name, name[AttributePrefix.Length..^1]),
        _ => OfCertificate(name),
    };

    /// <summary>The values for a condition. One that AWS does not put in is the variable's own text, which nothing equals.</summary>
    public IReadOnlyList<string> Values(PolicyContext context)
    {
        var values = _values(context);
        return _isOfCertificate && values.Any(value => !CertificateAttributes.IsUsable(value))
            ? [.. values.Select(value => CertificateAttributes.IsUsable(value) ? value : ToString())]
            : values;
    }

    /// <summary>
    /// The value to put in, or null where there is none or one with wildcards in it: AWS then leaves the variable's own
    /// text standing, which no resource equals.
    /// </summary>
    public string? Resolve(PolicyContext context)
    {
        var values = _values(context);
        return values.Count > 0 && (_isOfCertificate ? CertificateAttributes.IsUsable(values[0]) : !values[0].AsSpan().ContainsAny('*', '?')) ? values[0] : null;
    }

    /// <summary>Why <see cref="Resolve"/> gives null, to be read after "which".</summary>
    public string Explain(PolicyContext context) =>
        _values(context).Count > 0 ? "has a wildcard in its value, or is too long" : "has no value: " + _absence(context);

    /// <inheritdoc/>
    public override string ToString() => $"${{{Name}}}";

    private static string NoThing(PolicyContext context) => $"the certificate is attached to no thing named {context.ClientId}, as the client calls itself";

    private static string? TextOf(IPAddress? address) =>
        address is null ? null : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();

    private static PolicyVariable? OfAttribute(string name, string attribute) => attribute.Length == 0
        ? null
        : new PolicyVariable(
            name,
            context => context.Thing?.Attributes.GetValueOrDefault(attribute),
            context => context.Thing is null ? NoThing(context) : $"thing {context.Thing.Name} has no attribute {attribute}");

    /// <summary>An attribute of the certificate: its first value, all of them (<c>.List</c>), or one by its number from 0 (<c>.1</c> is the second).</summary>
    private static PolicyVariable? OfCertificate(string name)
    {
        static string None(PolicyContext context) => "the certificate has none";

        if (CertificateAttributes.Variables.Contains(name, StringComparer.Ordinal))
        {
            return new PolicyVariable(name, context => context.Certificate?.ValuesOf(name).FirstOrDefault(), None);
        }

        if (name.LastIndexOf('.') is var dot and > 0 && CertificateAttributes.Variables.Contains(name[..dot], StringComparer.Ordinal) && name[..dot] != CertificateAttributes.SerialNumber)
        {
            var attribute = name[..dot];
            if (name[dot..] == ListSuffix)
            {
                return new PolicyVariable(name, context => context.Certificate?.ValuesOf(attribute) ?? [], None, isList: true);
            }

            // Five values at most, so one digit.
            if (name.Length == dot + 2 && char.IsAsciiDigit(name[^1]))
            {
                var index = name[^1] - '0';
                return new PolicyVariable(name, context => context.Certificate?.ValuesOf(attribute).ElementAtOrDefault(index), None);
            }
        }

        return null;
    }
}
