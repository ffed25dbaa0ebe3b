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
        """{"deviceConfiguration":{"layout":"perType","location":"a/b/c/d","product":"+","intervalSeconds":30,"on":true,"off":false,"o":{"x":1},"nothing":null,"endpoint":"IOT.example"},"thingName":"t"}""",
        $$"""{"thingName":"t","deviceConfiguration":{"a":"{{new string('a', 1_500)}}","b":"{{new string('b', 600)}}","{{new string('n', 129)}}":"","location":"{{new string('l', 290)}}","c":"\u0000"} }""",
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
        Require(_identity.Configuration.Length <= 2 * 37 && _identity.Configuration.Sum(text => text.Length) <= (5 * 300) + 2_048, "more was kept than a board can keep");
        Require(_identity.LeftOut.Length < 300 && JsonOracle.IsPlain(_identity.LeftOut), "what is left out is not fit for the log");
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
        string?[] reasons = settings.Apply(identity.Configuration);
        SettingsParser.RequireLimits(settings);
        Require(reasons.Length == identity.Configuration.Length / 2, "not each name has its reason");
        foreach (string reason in reasons.OfType<string>())
        {
            Require(reason.Length is > 0 and < 300 && JsonOracle.IsPlain(reason), "a setting was refused without a reason, or with one that is not fit for the log");
        }

        string before = Text(settings);
        Require(reasons.SequenceEqual(settings.Apply(identity.Configuration)) && before == Text(settings), "what was applied is applied otherwise the second time");
        AgentSettings other = new SettingsReader("a0b1c2d3e4f5").Read(SettingsParser.Smallest);
        other.ThingName = identity.ThingName;
        other.Apply([.. identity.Configuration.Chunk(2).Reverse().SelectMany(pair => pair)]);
        Require(before == Text(other), "the order of the names matters");
    }

    private static string Text(AgentSettings settings) =>
        string.Join(' ', settings.Endpoint, settings.FactoryEndpoint, settings.Product, settings.Location, settings.IntervalSeconds, settings.IsPerType);

    /// <summary>What of a device configuration is kept: each name once, 128 bytes long at most; settings up to 300 bytes, and 32 others of 2,048 bytes in all.</summary>
    private static List<(string Name, string Value)> Kept(JsonElement configuration)
    {
        List<(string Name, string Value)> kept = [];
        int count = 0;
        int size = 0;
        foreach (JsonProperty pair in configuration.EnumerateObject())
        {
            (bool isText, string? value) = pair.Value.ValueKind switch
            {
                JsonValueKind.String => (true, pair.Value.GetString()),
                JsonValueKind.Number => (true, pair.Value.GetRawText()),
                JsonValueKind.True => (false, "true"),
                JsonValueKind.False => (false, "false"),
                _ => (false, null),
            };
            int name = Encoding.UTF8.GetByteCount(pair.Name);
            int length = name + (isText ? Encoding.UTF8.GetByteCount(value!) : 0);
            bool isSetting = pair.Name is "endpoint" or "product" or "location" or "intervalSeconds" or "layout";
            if (value is null || name > 128 || pair.Name.Contains('\0', StringComparison.Ordinal) || value.Contains('\0', StringComparison.Ordinal)
                || (isSetting ? length > 300 : count == 32 || size + length > 2_048))
            {
                continue;
            }

            int at = kept.FindIndex(earlier => earlier.Name == pair.Name);
            if (at >= 0)
            {
                kept[at] = (pair.Name, value);
            }
            else
            {
                kept.Add((pair.Name, value));
            }

            count += isSetting ? 0 : 1;
            size += isSetting ? 0 : length;
        }

        return kept;
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
                configuration = [.. Kept(member.Value).SelectMany(pair => new[] { pair.Name, pair.Value })];
            }
        }

        return thing is not null && ThingName().IsMatch(thing) ? thing : null;
    }

    [GeneratedRegex(@"\A[a-zA-Z0-9:_-]{1,128}\z")]
    private static partial Regex ThingName();
}
