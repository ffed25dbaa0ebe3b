using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeviceAgent.Identity;
using DeviceAgent.Json;
using DeviceAgent.Provisioning;
using DeviceAgent.Settings;

namespace Cli.Prove.Fuzz;

/// <summary>The answer to RegisterThing, and what the device configuration in it does to the settings.</summary>
internal sealed partial class RegisterAnswerParser : JsonParser
{
    private static readonly byte[][] s_corpus = Documents(
        """{"thingName":"a0b1c2d3e4f5","deviceConfiguration":{}}""",
        """{"deviceConfiguration":{"endpoint":"other.example","product":"p","location":"osaka/north","intervalSeconds":"30","layout":"perType","x":"y"},"thingName":"device-001_TEMP1"}""",
        """ {"x":{"thingName":"no"},"deviceConfiguration":{"a":["x"],"loc\u0061tion":"x\/y","layout":"combined\u0001","n":1,"o":{"endpoint":"no"}},"thingName" :"\u0061-b", "deviceConfiguration":{"product":"é"}} """,
        $$"""{"thingName":"{{new string('t', 128)}}","deviceConfiguration":{"location":"{{new string('l', 100)}}/2/3/4/5","endpoint":"{{new string('e', 253)}}"} }""",
        $$"""{"thingName":"t","deviceConfiguration":{ {{string.Join(",", Enumerable.Range(0, 500).Select(i => $"\"{i}\":\"\""))}} } }""");

    private DeviceIdentity _identity = new();
    private string? _problem;

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <inheritdoc/>
    public override int LongestInput => FleetProvisioning.LargestAnswer;

    /// <summary>A name with escapes (7 bytes at least as a member) is decoded three times, a byte array and a string of 56 bytes; a pair of 6 bytes takes 64 in the lists.</summary>
    public override int AllocationPerByte => 40;

    /// <inheritdoc/>
    public override void Prepare(byte[] input) => _identity = new DeviceIdentity();

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        _problem = FleetProvisioning.ReadRegistration(input, _identity);
        return _problem is null ? _identity : null;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        bool isOpen = JsonOracle.IsJson(input, JsonReader.MaximumDepth, out bool hasHalves) && hasHalves;
        string? thing = Expected(input, out List<string> configuration);
        Require(isOpen || thing is not null == result is not null, thing is null ? "an answer that is not whole was taken" : "a whole answer was refused: " + _problem);
        if (result is null)
        {
            Require(JsonOracle.IsPlain(_problem!), "the reason is not fit for the log");
            return;
        }

        Require(isOpen || (_identity.ThingName == thing && _identity.Configuration.SequenceEqual(configuration)), "another name or configuration than the answer's was taken");
        Require(ThingName().IsMatch(_identity.ThingName), "no thing name");
        _identity.CertificateId = SampleDocuments.CertificateId;
        _identity.Certificate = Encoding.UTF8.GetBytes(SampleDocuments.CertificatePem + '\0');
        _identity.Key = Encoding.UTF8.GetBytes(SampleDocuments.KeyPem + '\0');
        FuzzStorage storage = new();
        IdentityStore store = new(storage);
        store.Load();
        Require(store.Commit(_identity) is null, "what was taken cannot be stored");
        IdentityParser.RequireSame(_identity, new IdentityStore(storage).Load());
        Override(_identity);
    }

    private static void Override(DeviceIdentity identity)
    {
        AgentSettings settings = new SettingsReader("a0b1c2d3e4f5").Read(SettingsParser.Smallest);
        settings.ThingName = identity.ThingName;
        for (int i = 0; i < identity.Configuration.Length; i += 2)
        {
            string? problem = settings.Override(identity.Configuration[i], identity.Configuration[i + 1]);
            Require(problem is null || problem.Length > 0, "a setting was refused without a reason");
        }

        SettingsParser.RequireLimits(settings);
    }

    private static string? Expected(byte[] input, out List<string> configuration)
    {
        configuration = [];
        string? thing = null;
        foreach (JsonProperty member in JsonOracle.Members(input, JsonReader.MaximumDepth) ?? [])
        {
            if (member.NameEquals("thingName") && member.Value.ValueKind == JsonValueKind.String)
            {
                thing = member.Value.GetString();
            }
            else if (member.NameEquals("deviceConfiguration") && member.Value.ValueKind == JsonValueKind.Object)
            {
                configuration = [.. member.Value.EnumerateObject()
                    .Where(pair => pair.Value.ValueKind == JsonValueKind.String && !pair.Name.Contains('\0', StringComparison.Ordinal) && !pair.Value.GetString()!.Contains('\0', StringComparison.Ordinal))
                    .SelectMany(pair => new[] { pair.Name, pair.Value.GetString()! })];
            }
        }

        return thing is not null && ThingName().IsMatch(thing) ? thing : null;
    }

    [GeneratedRegex(@"\A[a-zA-Z0-9:_-]{1,128}\z")]
    private static partial Regex ThingName();
}
