using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cli.Install;

/// <summary>The PC's side of an installation: waits for the board's announcement, hands it the claim, and hears what becomes of it.</summary>
internal sealed class Installation
{
    /// <summary>The longest line that a board sends has some hundred bytes; what is longer is no board's.</summary>
    private const int LongestLine = 4096;

    /// <summary>How long a board may take to answer before the line is sent again: it may have been busy for a while.</summary>
    private static readonly TimeSpan s_answerTime = TimeSpan.FromSeconds(8);

    private static readonly JsonSerializerOptions s_json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly Stream _port;
    private readonly ProvisioningClaim _claim;
    private readonly string? _ssid;
    private readonly string? _password;
    private readonly TimeProvider _time;
    private readonly Action<string> _say;
    private readonly byte[] _come = new byte[1024];
    private readonly MemoryStream _line = new();
    private int _start;
    private int _end;
    private string _last = "no board has announced itself: check the cable, the port and --baud, and that the board's settings say provisioning.method trusted-user";

    /// <summary>Makes one; nothing is sent yet.</summary>
    /// <param name="port">The serial port, open.</param>
    /// <param name="claim">The claim.</param>
    /// <param name="ssid">The WiFi network that the board is to join; null for the one it knows.</param>
    /// <param name="password">Its password.</param>
    /// <param name="time">Tells whether the claim lives.</param>
    /// <param name="say">Is told each step.</param>
    public Installation(Stream port, ProvisioningClaim claim, string? ssid, string? password, TimeProvider time, Action<string> say)
    {
        _port = port;
        _claim = claim;
        _ssid = ssid;
        _password = password;
        _time = time;
        _say = say;
    }

    /// <summary>Goes through it.</summary>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task<InstallOutcome> RunAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout);
        try
        {
            return await ConverseAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return Failed(cancellationToken.IsCancellationRequested ? $"stopped; {_last}" : $"not done within {timeout.TotalSeconds:0} s (--timeout); {_last}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            return Failed($"the port cannot be used any more: {e.Message}");
        }
    }

    private static InstallOutcome Failed(string error) => new(null, null, error);

    private static string? Text(JsonObject message, string name) =>
        message[name] is JsonValue value && value.TryGetValue(out string? text) ? string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)) : null;

    private async Task<InstallOutcome> ConverseAsync(CancellationToken cancellationToken)
    {
        // Ends what somebody else may have begun
        await _port.WriteAsync("\n"u8.ToArray(), cancellationToken).ConfigureAwait(false);
        bool isAccepted = false;
        long sentAt = 0;
        while (true)
        {
            JsonObject message = await ReadAsync(cancellationToken).ConfigureAwait(false);
            string? error = Text(message, "error");
            switch (Text(message, "state"))
            {
                case "waiting":
                case "retrying" when sentAt == 0:
                    if (sentAt != 0 && !isAccepted && _time.GetElapsedTime(sentAt) < s_answerTime)
                    {
                        break; // it crossed the line that was sent
                    }

                    if (_claim.Expiration <= _time.GetUtcNow())
                    {
                        return Failed("the claim's five minutes are over: make another and start again");
                    }

                    Tell(sentAt == 0
                        ? $"board {Text(message, "hardwareId")}, to be thing {Text(message, "thingName")} by template {Text(message, "template")} at {Text(message, "endpoint")}, waits for a claim: it is sent"
                        : isAccepted ? "the board has started anew: the claim is sent again" : "the board has not answered: the claim is sent again");
                    isAccepted = false;
                    sentAt = _time.GetTimestamp();
                    await SendAsync(cancellationToken).ConfigureAwait(false);
                    break;

                case "accepted" when sentAt != 0:
                    isAccepted = true;
                    Tell("the board has taken the claim");
                    break;

                case "working" when isAccepted:
                    Tell(Text(message, "step") ?? "working");
                    break;

                case "retrying" when isAccepted:
                    Tell($"it is tried again: {error}");
                    break;

                case "refused" when sentAt != 0 && !isAccepted:
                    return Failed($"the board does not take the line: {error}");

                case "failed" when isAccepted:
                    return Failed(error ?? "the board has given up");

                case "done" when isAccepted:
                    return new InstallOutcome(Text(message, "thingName"), Text(message, "certificateId"), null);
            }
        }
    }

    private async Task SendAsync(CancellationToken cancellationToken)
    {
        JsonObject line = new()
        {
            ["certificatePem"] = _claim.CertificatePem,
            ["keyPair"] = new JsonObject { ["PrivateKey"] = _claim.PrivateKeyPem },
        };
        if (_ssid is not null)
        {
            line["wifi"] = new JsonObject { ["ssid"] = _ssid, ["password"] = _password };
        }

        await _port.WriteAsync(Encoding.UTF8.GetBytes(line.ToJsonString(s_json) + "\n"), cancellationToken).ConfigureAwait(false);
        await _port.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The next line that is a JSON object; noise is passed over.</summary>
    private async Task<JsonObject> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            while (_start < _end)
            {
                byte b = _come[_start++];
                if (b != '\n')
                {
                    if (_line.Length < LongestLine)
                    {
                        _line.WriteByte(b);
                    }

                    continue;
                }

                byte[] line = _line.ToArray();
                _line.SetLength(0);
                try
                {
                    if (JsonNode.Parse(line) is JsonObject message)
                    {
                        return message;
                    }
                }
                catch (JsonException)
                {
                    // What a port picks up while it is plugged in
                }
            }

            _start = 0;
            _end = await _port.ReadAsync(_come, cancellationToken).ConfigureAwait(false);
            if (_end == 0)
            {
                throw new IOException("its other end is closed");
            }
        }
    }

    private void Tell(string step)
    {
        if (step != _last)
        {
            _last = step;
            _say(step);
        }
    }
}
