using System.Collections;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using DeviceAgent.Json;
using DeviceAgent.Messaging;
using DeviceAgent.Settings;
using Mqtt;
using nanoFramework.Json;

namespace Cli.Prove.Fuzz;

/// <summary>The settings file.</summary>
internal sealed partial class SettingsParser : JsonParser
{
    private static readonly byte[][] s_corpus = Documents(
        """{"endpoint":"iot.example","product":"weather","location":"tokyo/lab","provisioning":{"template":"the-template"}}""",
        """
         {"endpoint":"a\u002eb","port":443,"product":"p","location":"l","thingName":"t:_-9","serial":"S1",
        "provisioning":{"method":"claim","template":"T","parameters":{"A":"1","B":"","C":"${serial}/${thingName}"},"spreadSeconds":86400},
        "telemetry":{"intervalSeconds":1,"layout":"perType","outboxReadings":1000,"topic":"x/y"},
        "sensors":[{"type":"simulated"},{"type":"bme280","bus":2,"address":118,"dataPin":18,"clockPin":0}],
        "mqtt":{"keepAliveSeconds":1200,"persistentSession":false},"wifi":{"ssid":"net","password":""}}
        """,
        """{"endpoint":"e","product":"é","location":"東京/日比谷","thingName":"${serial}-${mac}","serial":"x${mac}","provisioning":{"template":"t"},"wifi":{"ssid":"カフェ","password":"pässwörd"}}""",
        """{"endpoint":"e","telemetry":{"topic":"own/topic","layout":"combined"},"provisioning":{"template":"t","parameters":{"SerialNumber":"${mac}"}}}""",
        $$"""{"endpoint":"{{new string('e', 253)}}","product":"p","location":"1/2/3/4/5","thingName":"{{new string('t', 128)}}","provisioning":{"template":"{{new string('T', 36)}}"} }""",

        """{"endpoint":"e","product":"p","location":"l","provisioning":{"method":"jitp","parameters":{"A":"${thingName}"}} }""",
        """{"endpoint":"e","product":"p","location":"l","thingName":"${mac}","provisioning":{"template":"t","method":"jitp"}}""",
        $$"""{"endpoint":"e","product":"p","location":"l","provisioning":{"template":"t"},"wifi":{"ssid":"{{Repeat("é", 15)}}e","password":"{{Repeat("é", 31)}}e"} }""",

        // Placeholders within placeholders, as many as go into each
        $$"""{"endpoint":"e","product":"p","location":"l","serial":"{{Repeat("${mac}", 21)}}","thingName":"{{Repeat("${serial}", 28)}}","provisioning":{"template":"t","parameters":{"A":"{{Repeat("${thingName}", 341)}}","B":"{{Repeat("${serial}", 455)}}"} } }""",
        $$"""{"endpoint":"e","product":"p","location":"l","serial":"s","thingName":"{{Repeat("${serial}", 12)}}","provisioning":{"template":"t","parameters":{"A":"{{Repeat("${thingName}", 341)}}"} } }""");

    private ArrayList _problems = [];

    /// <summary>The fewest settings that do.</summary>
    public static byte[] Smallest => s_corpus[0];

    /// <inheritdoc/>
    public override IReadOnlyList<byte[]> Corpus => s_corpus;

    /// <inheritdoc/>
    public override int LongestInput => 16_384;

    /// <summary>Each key that is wrong is named: a sensor without a type (3 bytes) costs 250 in its options, its list, and the text of the problem.</summary>
    public override int AllocationPerByte => 128;

    /// <summary>The settings themselves, and the problems of what is missing.</summary>
    public override int FixedAllocation => 8_192;

    /// <inheritdoc/>
    public override object? Parse(byte[] input)
    {
        SettingsReader reader = new("a0b1c2d3e4f5");
        AgentSettings? settings = reader.Read(input);
        _problems = reader.Problems;
        return settings;
    }

    /// <inheritdoc/>
    public override void Check(byte[] input, object? result)
    {
        Require(result is null == _problems.Count > 0, "refused without a problem, or accepted with one");
        Require(_problems.Cast<string?>().All(problem => !string.IsNullOrEmpty(problem)), "an empty problem");
        if (result is null)
        {
            return;
        }

        Require(JsonOracle.IsJson(input, JsonReader.MaximumDepth, out bool hasHalves), "what is no JSON was accepted");
        Require(hasHalves || JsonOracle.Members(input, JsonReader.MaximumDepth) is { } members && members.DistinctBy(member => member.Name).Count() == members.Count, "a key was given twice");
        RequireLimits((AgentSettings)result);
    }

    /// <summary>What README and AWS IoT Core's quotas promise of settings.</summary>
    public static void RequireLimits(AgentSettings settings)
    {
        Require(Host().IsMatch(settings.Endpoint), "endpoint is no host name");
        Require(settings.Port is >= 1 and <= 65_535, "port");
        bool isOwn = settings.Method == ProvisioningMethod.Jitp;
        Require(ProvisioningMethod.IsKnown(settings.Method), "provisioning.method");
        Require(settings.IsNamedByCertificate ? isOwn && settings.ThingName is null : Thing().IsMatch(settings.ThingName), "thingName");
        Require(settings.Template is null ? isOwn : Template().IsMatch(settings.Template), "provisioning.template is no template's name");
        Require(settings.SpreadSeconds is >= 0 and <= 86_400, "spreadSeconds");
        Require(settings.IntervalSeconds is >= 1 and <= 86_400, "intervalSeconds");
        Require(settings.OutboxReadings is >= 1 and <= 1_000, "outboxReadings");
        Require(settings.KeepAliveSeconds is >= 30 and <= 1_200, "keepAliveSeconds");
        Require(Encoding.UTF8.GetByteCount(settings.WifiSsid ?? "") <= 31 && Encoding.UTF8.GetByteCount(settings.WifiPassword ?? "") <= 63, "wifi is more than the board can store");
        Require(settings.WifiPassword is null || settings.WifiSsid is not null, "a password without a network");
        Require(settings.Sensors.Length > 0 && settings.Sensors.All(sensor => !string.IsNullOrEmpty(sensor.Type)), "a sensor without a type");
        Require(settings.Product is null == settings.Location is null && (settings.Product is not null || settings.TelemetryTopic is not null), "no topic");
        string thing = settings.ThingName ?? "thing";
        string telemetry = settings.TelemetryTopic ?? Topics.Telemetry(settings.Product!, settings.Location!, thing);
        RequireTopic(settings.IsPerType ? telemetry + "/temperature" : telemetry);
        if (settings.Product is not null)
        {
            RequireTopic(Topics.Command(settings.Product, settings.Location!, thing));
            Require(!settings.Product.Contains('/', StringComparison.Ordinal), "the product is more than one level");
        }

        Require(settings.Parameters is null == isOwn, "parameters");
        if (settings.Parameters is not null)
        {
            RequireParameters(settings.Parameters);
        }
    }

    private static void RequireTopic(string topic)
    {
        bool isGood = TopicName.IsValid(topic) && topic[0] != '$' && !topic.Any(c => c < ' ')
            && Encoding.UTF8.GetByteCount(topic) <= 256 && topic.Count(c => c == '/') <= 7 && topic.Split('/').All(level => level.Length > 0);
        Require(isGood, "a topic that AWS IoT Core does not take");
    }

    private static void RequireParameters(Hashtable parameters)
    {
        JsonElement written;
        try
        {
            written = JsonElement.Parse(JsonConvert.SerializeObject(parameters));
        }
        catch (JsonException)
        {
            throw new FuzzException("the parameters' request would be no JSON");
        }

        Require(written.EnumerateObject().Count() == parameters.Count, "the request would have other parameters");
        foreach (DictionaryEntry parameter in parameters)
        {
            string value = (string)parameter.Value!;
            Require(written.GetProperty((string)parameter.Key).GetString() == value, "a parameter would be sent otherwise than it is set");
            Require(value.Length <= 4_096, "a parameter of more than 4096 characters");
        }
    }

    private static string Repeat(string text, int times) => string.Concat(Enumerable.Repeat(text, times));

    [GeneratedRegex(@"\A[A-Za-z0-9._-]{1,253}\z")]
    private static partial Regex Host();

    [GeneratedRegex(@"\A[a-zA-Z0-9:_-]{1,128}\z")]
    private static partial Regex Thing();

    /// <summary>AWS IoT API reference, CreateProvisioningTemplate.</summary>
    [GeneratedRegex(@"\A[0-9A-Za-z_-]{1,36}\z")]
    private static partial Regex Template();
}
