using System.CommandLine;
using System.IO.Ports;
using System.Text;
using System.Text.Json;
using Cli.Install;
using DeviceAgent.Settings;

namespace Cli;

/// <summary><c>install</c>: hands a board a claim at its serial port.</summary>
internal static class InstallCommand
{
    private const int LongestClaim = 65_536;

    /// <summary>Describes the command.</summary>
    public static Command Create()
    {
        Option<string> port = new("--port") { HelpName = "PORT", Required = true, Description = "The serial port that the board is at: /dev/ttyUSB0, COM3, or what run --serial has made." };
        Option<string?> claim = new("--claim") { HelpName = "FILE", Description = "What aws iot create-provisioning-claim --template-name TEMPLATE has printed; - for standard input." };
        Option<string?> certificate = new("--claim-cert") { HelpName = "FILE", Description = "In place of --claim: the claim certificate, PEM." };
        Option<string?> key = new("--claim-key") { HelpName = "FILE", Description = "With --claim-cert: its key, PEM." };
        Option<string?> ssid = new("--wifi-ssid") { HelpName = "SSID", Description = "A WiFi network that the board is to join, and to keep; without it the board joins the one it knows." };
        Option<string?> password = new("--wifi-password-file") { HelpName = "FILE", Description = "With --wifi-ssid: its password, the file's first line; an empty file for an open network. Without it a terminal is asked." };
        Option<int> baud = RunCommand.Number("--baud", "N", 115_200, 9_600, 921_600, "Bits a second: the board's installer.baudRate.");
        Option<int> timeout = RunCommand.Number("--timeout", "S", 300, 1, 86_400, "Seconds until it is given up.");
        Option<bool> json = new("--json") { Description = "Ends standard output in one JSON object; all else goes to standard error." };
        Command command = new("install", "Hands a board that waits for an installer (provisioning.method trusted-user) a claim of five minutes, and tells what becomes of it until the board has connected as its thing.")
        {
            port, claim, certificate, key, ssid, password, baud, timeout, json,
        };
        command.Validators.Add(result =>
        {
            bool hasFiles = result.GetValue(certificate) is not null || result.GetValue(key) is not null;
            if ((result.GetValue(claim) is null) == !hasFiles || (result.GetValue(certificate) is null) != (result.GetValue(key) is null))
            {
                result.AddError("give either --claim FILE or both --claim-cert FILE and --claim-key FILE");
            }

            if (result.GetValue(ssid) is { } name && Encoding.UTF8.GetByteCount(name) is < 1 or > AgentSettings.LongestSsid)
            {
                result.AddError($"--wifi-ssid takes 1 to {AgentSettings.LongestSsid} bytes");
            }

            if (result.GetValue(password) is not null && result.GetValue(ssid) is null)
            {
                result.AddError("--wifi-password-file goes with --wifi-ssid");
            }
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            ProvisioningClaim read;
            string? secret;
            try
            {
                read = parsed.GetValue(claim) is { } file
                    ? ProvisioningClaim.Parse(file == "-" ? await ReadInputAsync(cancellationToken).ConfigureAwait(false) : ReadFile(file))
                    : new ProvisioningClaim(ProvisioningClaim.Pem(ReadFile(parsed.GetValue(certificate)!)), ProvisioningClaim.Pem(ReadFile(parsed.GetValue(key)!)), null);
                secret = parsed.GetValue(ssid) is null ? null : ReadPassword(parsed.GetValue(password));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
            {
                Console.Error.WriteLine(e is FormatException ? $"the claim: {e.Message}" : e.Message);
                return ExitStatus.BadUse;
            }

            TextWriter story = parsed.GetValue(json) ? Console.Error : Console.Out;
            InstallOutcome outcome = await RunAsync(
                parsed.GetValue(port)!, parsed.GetValue(baud), read, parsed.GetValue(ssid), secret, TimeSpan.FromSeconds(parsed.GetValue(timeout)), story.WriteLine, cancellationToken).ConfigureAwait(false);
            return Conclude(outcome, parsed.GetValue(json));
        });
        return command;
    }

    private static async Task<InstallOutcome> RunAsync(
        string name, int baud, ProvisioningClaim claim, string? ssid, string? password, TimeSpan timeout, Action<string> say, CancellationToken cancellationToken)
    {
        if (claim.Expiration <= DateTimeOffset.UtcNow)
        {
            return new InstallOutcome(null, null, $"the claim has ended at {claim.Expiration:u}: make another");
        }

        using SerialPort port = new(name, baud);
        try
        {
            port.Open();
            port.DiscardInBuffer(); // what came before anybody listened
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or InvalidOperationException)
        {
            return new InstallOutcome(null, null, $"{name} cannot be opened: {e.Message}");
        }

        say($"listening at {name}");
        return await new Installation(port.BaseStream, claim, ssid, password, TimeProvider.System, say).RunAsync(timeout, cancellationToken).ConfigureAwait(false);
    }

    private static int Conclude(InstallOutcome outcome, bool asJson)
    {
        if (asJson)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { ok = outcome.Error is null, thing = outcome.Thing, certificateId = outcome.CertificateId, error = outcome.Error }));
        }
        else if (outcome.Error is null)
        {
            Console.WriteLine($"thing {outcome.Thing} has connected with certificate {outcome.CertificateId}");
        }

        if (outcome.Error is not null)
        {
            Console.Error.WriteLine(outcome.Error);
        }

        return outcome.Error is null ? ExitStatus.Done : ExitStatus.Failed;
    }

    private static string ReadFile(string path) =>
        new FileInfo(path).Length > LongestClaim ? throw new FormatException($"{path} is larger than a claim can be") : File.ReadAllText(path);

    private static async Task<string> ReadInputAsync(CancellationToken cancellationToken)
    {
        char[] text = new char[LongestClaim];
        int length = await Console.In.ReadBlockAsync(text, cancellationToken).ConfigureAwait(false);
        return new string(text, 0, length);
    }

    private static string ReadPassword(string? path)
    {
        string password;
        if (path is not null)
        {
            password = File.ReadLines(path).FirstOrDefault() ?? "";
        }
        else if (Console.IsInputRedirected)
        {
            throw new IOException("the WiFi password is missing: give --wifi-password-file FILE (an empty file for an open network)");
        }
        else
        {
            Console.Error.Write("WiFi password: ");
            password = ReadHidden();
            Console.Error.WriteLine();
        }

        return Encoding.UTF8.GetByteCount(password) <= AgentSettings.LongestPassword ? password : throw new IOException($"a WiFi password has at most {AgentSettings.LongestPassword} bytes");
    }

    private static string ReadHidden()
    {
        StringBuilder text = new();
        while (true)
        {
            ConsoleKeyInfo pressed = Console.ReadKey(intercept: true);
            switch (pressed.Key)
            {
                case ConsoleKey.Enter:
                    return text.ToString();
                case ConsoleKey.Backspace when text.Length > 0:
                    text.Length--;
                    break;
                default:
                    if (!char.IsControl(pressed.KeyChar))
                    {
                        text.Append(pressed.KeyChar);
                    }

                    break;
            }
        }
    }
}
