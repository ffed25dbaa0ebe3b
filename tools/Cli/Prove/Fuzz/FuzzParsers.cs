namespace Cli.Prove.Fuzz;

/// <summary>All parsers that are tried.</summary>
internal static class FuzzParsers
{
    /// <summary>What makes each of them, by the name that <c>--parser</c> has for it.</summary>
    public static OrderedDictionary<string, Func<FuzzParser>> All { get; } = new()
    {
        ["json"] = () => new JsonReaderParser(),
        ["create-answer"] = () => new CreateAnswerParser(hasOwnKey: false),
        ["csr-answer"] = () => new CreateAnswerParser(hasOwnKey: true),
        ["register-answer"] = () => new RegisterAnswerParser(),
        ["rejection"] = () => new RejectionParser(),
        ["settings"] = () => new SettingsParser(),
        ["command"] = () => new CommandParser(),
        ["installer"] = () => new InstallerLineParser(),
        ["identity"] = () => new IdentityParser(),
        ["attempts"] = () => new AttemptParser(),
        ["journal"] = () => new JournalParser(),
        ["certificate"] = () => new CertificateParser(),
        ["device-key"] = () => new DeviceKeyParser(),
        ["mqtt-server"] = PacketParser.OfServer,
        ["mqtt-client"] = PacketParser.OfClient,
    };
}
