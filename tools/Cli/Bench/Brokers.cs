namespace Cli.Bench;

/// <summary>The brokers of a bench: how each is found, configured and started.</summary>
internal static class Brokers
{
    /// <summary>LocalCloud, as the command <c>cloud</c> runs it.</summary>
    public static Task<BrokerProcess> StartLocalCloudAsync(BenchCertificates certificates, CancellationToken cancellationToken)
    {
        int port = BrokerProcess.FreePort();
        string[] arguments = ["cloud", "--data", certificates.Directory, "--mqtt-port", $"{port}", "--listen", "127.0.0.1", "--no-rate-limits", "--json"];
        string agent = typeof(Brokers).Assembly.Location;
        return BrokerProcess.StartAsync("LocalCloud", port, "dotnet", [agent, .. arguments], cancellationToken);
    }

    /// <summary>mosquitto from PATH or /usr/sbin; null where it is not installed.</summary>
    public static async Task<BrokerProcess?> StartMosquittoAsync(BenchCertificates certificates, string directory, CancellationToken cancellationToken)
    {
        if (Find("mosquitto") is not { } program)
        {
            return null;
        }

        int port = BrokerProcess.FreePort();
        string acl = Path.Combine(directory, "mosquitto.acl");
        string configuration = Path.Combine(directory, "mosquitto.conf");

        // Unlike LocalCloud it looks at no policy but this line, and tells of no connection.
        await File.WriteAllTextAsync(acl, "topic readwrite #\n", cancellationToken).ConfigureAwait(false);
        await File.WriteAllTextAsync(
            configuration,
            $"""
            listener {port} 127.0.0.1
            cafile {certificates.RootCa}
            certfile {certificates.ServerCertificate}
            keyfile {certificates.ServerKey}
            require_certificate true
            allow_anonymous true
            acl_file {acl}
            log_type error
            max_inflight_messages 100
            user {Environment.UserName}
            """,
            cancellationToken).ConfigureAwait(false);
        return await BrokerProcess.StartAsync("mosquitto", port, program, ["-c", configuration], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>aedes out of a folder's node_modules; null where node or aedes is not there.</summary>
    public static async Task<BrokerProcess?> StartAedesAsync(BenchCertificates certificates, string directory, string? folder, CancellationToken cancellationToken)
    {
        if (folder is null || Find("node") is not { } program || !Directory.Exists(Path.Combine(folder, "node_modules", "aedes")))
        {
            return null;
        }

        int port = BrokerProcess.FreePort();
        string script = Path.Combine(directory, "aedes.cjs");

        // Its versions from 1.0 on are made by createBroker, those before by their constructor.
        await File.WriteAllTextAsync(
            script,
            """
            const [, , folder, port, ca, cert, key] = process.argv;
            const { readFileSync } = require('node:fs');
            const found = require('node:module').createRequire(folder + '/here.js')('aedes');
            const make = found.Aedes?.createBroker ? () => found.Aedes.createBroker() : async () => (found.Aedes ? new found.Aedes() : found());
            make().then(broker => require('node:tls').createServer(
              { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key), requestCert: true, rejectUnauthorized: true },
              broker.handle).listen(Number(port), '127.0.0.1'));
            """,
            cancellationToken).ConfigureAwait(false);
        return await BrokerProcess.StartAsync(
            "aedes",
            port,
            program,
            [script, folder, $"{port}", certificates.RootCa, certificates.ServerCertificate, certificates.ServerKey],
            cancellationToken).ConfigureAwait(false);
    }

    private static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Where(folder => folder.Length > 0)
            .Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);
}
