using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DeviceAgent.Identity;
using DeviceAgent.Tests.Fakes;
using LocalCloud;

namespace Cli.Prove.Ways;

/// <summary>One method, case by case, each with boards of its own.</summary>
/// <param name="way">The method.</param>
/// <param name="say">Is told all that happens.</param>
internal sealed class WayTrial(Way way, Action<string> say)
{
    /// <summary>How long anything is waited for.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private const int Readings = 2;
    private const int AtOnce = 4;

    private readonly List<WayResult> _results = [];

    /// <summary>Tries all cases.</summary>
    public async Task<IReadOnlyList<WayResult>> RunAsync(CancellationToken cancellationToken)
    {
        await using WayWorld world = await WayWorld.OpenAsync(way, say, cancellationToken).ConfigureAwait(false);
        WayBoard board = world.Make(way);
        Uncut uncut = new();
        await TryAsync("first boot", () => FirstBootAsync(world, board, uncut, cancellationToken)).ConfigureAwait(false);
        await TryAsync("reboot", () => RebootAsync(world, board, cancellationToken)).ConfigureAwait(false);
        if (way.CanRotate)
        {
            await TryAsync("rotation", () => RotationAsync(world, board, cancellationToken)).ConfigureAwait(false);
        }

        await TryAsync("power cut", () => PowerCutsAsync(world, uncut, cancellationToken)).ConfigureAwait(false);
        await TryAsync("refused", () => RefusedAsync(cancellationToken)).ConfigureAwait(false);
        return _results;
    }

    private async Task TryAsync(string name, Func<Task<string>> run)
    {
        string outcome;
        bool ok = true;
        try
        {
            outcome = await run().ConfigureAwait(false);
        }
        catch (WayException e)
        {
            ok = false;
            outcome = e.Message;
        }

        _results.Add(new WayResult(way.Method, name, ok, outcome));
    }

    private async Task<string> FirstBootAsync(WayWorld world, WayBoard board, Uncut uncut, CancellationToken cancellationToken)
    {
        void Count(ProvisioningOutcome outcome) => uncut.Answers += WayWorld.Belongs(outcome, board.HardwareId) ? 1 : 0;
        Stopwatch watch = Stopwatch.StartNew();
        world.Answered += Count;
        await ComeUpAsync(world, board, cancellationToken).ConfigureAwait(false);
        world.Answered -= Count;
        TimeSpan time = watch.Elapsed;
        uncut.Changes = board.Flash.Changes;
        uncut.Lines = board.Log.TakeWhile(line => !line.StartsWith("reading ", StringComparison.Ordinal)).Count();
        await SwitchOffAsync(board).ConfigureAwait(false);
        DeviceIdentity identity = Inspect(world, board);
        return FormattableString.Invariant($"thing {identity.ThingName} after {time.TotalSeconds:0.0} s, {uncut.Answers} requests, {uncut.Changes} changes of flash");
    }

    private async Task<string> RebootAsync(WayWorld world, WayBoard board, CancellationToken cancellationToken)
    {
        Require(board.Identity is not null, "there is no identity to start with");
        string certificate = board.Identity!.CertificateId;
        int answers = world.AnswersTo(board.HardwareId);
        await ComeUpAsync(world, board, cancellationToken).ConfigureAwait(false);
        int changes = board.Flash.Changes;
        await SwitchOffAsync(board).ConfigureAwait(false);
        Require(Inspect(world, board).CertificateId == certificate, "it has another certificate than before");
        Require(world.AnswersTo(board.HardwareId) == answers, "it asked the cloud for something");
        Require(changes == 0, $"it changed its flash {changes} times");
        return "the same certificate, no request, no change of flash";
    }

    private async Task<string> RotationAsync(WayWorld world, WayBoard board, CancellationToken cancellationToken)
    {
        Require(board.Identity is not null, "there is no identity to replace");
        DeviceIdentity old = board.Identity!;
        board.PowerOn();
        string? fault = await board.PublishedAsync(1, cancellationToken).ConfigureAwait(false);
        if (fault is null)
        {
            await world.CommandAsync(old.ThingName, """{"id":"r","command":"rotate-certificate"}""", cancellationToken).ConfigureAwait(false);
            fault = await board.ToldAsync("which it replaces, can be deactivated", cancellationToken).ConfigureAwait(false)
                ?? await board.PublishedAsync(board.Readings + 1, cancellationToken).ConfigureAwait(false);
        }

        await SwitchOffAsync(board).ConfigureAwait(false);
        Require(fault is null, fault!);
        board.Rotations++;
        Require(board.Identity!.CertificateId != old.CertificateId && !board.Identity.Key.AsSpan().SequenceEqual(old.Key), "it has the certificate or the key that it had");
        Require(world.Cloud.Registry.FindCertificate(old.CertificateId) is { Status: CertificateStatus.Active }, "the old certificate is not its owner's to deactivate any more");
        world.Cloud.Registry.SetCertificateStatus(old.CertificateId, CertificateStatus.Inactive);
        await ComeUpAsync(world, board, cancellationToken).ConfigureAwait(false);
        await SwitchOffAsync(board).ConfigureAwait(false);
        Inspect(world, board);
        return "another certificate and key over its own connection; the old one deactivated by its owner, and it publishes";
    }

    /// <summary>The power goes at each change of the flash, each answer of the cloud and each line of the log, of a board of its own each.</summary>
    private async Task<string> PowerCutsAsync(WayWorld world, Uncut uncut, CancellationToken cancellationToken)
    {
        Require(uncut.Lines > 0, "there is no first boot to cut");
        List<Func<WayBoard, string>> cuts = [];
        for (int i = 1; i <= uncut.Changes; i++)
        {
            int change = i;
            foreach (int bytes in (int[])[MemoryStorage.Before, 40, MemoryStorage.After])
            {
                cuts.Add(board =>
                {
                    board.Flash.CutAt(change, bytes);
                    board.PowerOn();
                    return $"change {change} of its flash ({(bytes == MemoryStorage.Before ? "before" : bytes == MemoryStorage.After ? "after" : "in the middle")})";
                });
            }
        }

        for (int i = 1; i <= uncut.Answers; i++)
        {
            int answer = i;
            cuts.Add(board =>
            {
                int seen = 0;
                world.Answered += outcome =>
                {
                    if (WayWorld.Belongs(outcome, board.HardwareId) && Interlocked.Increment(ref seen) == answer)
                    {
                        board.Flash.CutNow();
                    }
                };
                board.PowerOn();
                return $"answer {answer} of the cloud";
            });
        }

        for (int i = 1; i <= uncut.Lines; i++)
        {
            int line = i;
            cuts.Add(board =>
            {
                board.PowerOn(line);
                return $"line {line} of its log";
            });
        }

        bool isBroken = false;
        using SemaphoreSlim places = new(AtOnce);
        await Task.WhenAll(cuts.Select(async start =>
        {
            await places.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                if (!isBroken)
                {
                    await PowerCutAsync(world, start, cancellationToken).ConfigureAwait(false);
                }
            }
            catch (WayException)
            {
                isBroken = true; // one is enough to know
                throw;
            }
            finally
            {
                places.Release();
            }
        })).ConfigureAwait(false);
        return $"{cuts.Count} cuts: all came up by themselves, with one active certificate each";
    }

    private async Task PowerCutAsync(WayWorld world, Func<WayBoard, string> start, CancellationToken cancellationToken)
    {
        WayBoard board = world.Make(way);
        string where = start(board);
        using CancellationTokenSource attending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task attendance = way.AttendAsync(world, board, attending.Token);
        bool isCut = await board.CutAsync(cancellationToken).ConfigureAwait(false);
        await StopAttendingAsync(attending, attendance).ConfigureAwait(false);
        await SwitchOffAsync(board).ConfigureAwait(false);
        try
        {
            Require(isCut, "the power did not go");
            await ComeUpAsync(world, board, cancellationToken).ConfigureAwait(false);
            await SwitchOffAsync(board).ConfigureAwait(false);
            Inspect(world, board);
        }
        catch (WayException e)
        {
            throw new WayException($"power cut at {where}, board {board.HardwareId}: {e.Message}");
        }
    }

    private async Task<string> RefusedAsync(CancellationToken cancellationToken)
    {
        List<string> told = [];
        foreach (WayRefusal refusal in way.Refusals)
        {
            await using WayWorld world = await WayWorld.OpenAsync(way, say, cancellationToken).ConfigureAwait(false);
            WayBoard board = world.Make(way);
            try
            {
                await refusal.Refuse(world).ConfigureAwait(false);
                board.PowerOn();
                using CancellationTokenSource attending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                Task attendance = way.AttendAsync(world, board, attending.Token);
                string? fault = await board.ToldAsync(refusal.Told, cancellationToken).ConfigureAwait(false);
                Require(fault is null, fault!);
                Require(refusal.CloudTold is null || await world.ToldAsync(refusal.CloudTold, cancellationToken).ConfigureAwait(false), $"the cloud's log does not say \"{refusal.CloudTold}\"");
                Require(!world.Cloud.Registry.FindCertificatesOfThing(board.HardwareId).Any(certificate => certificate.Status == CertificateStatus.Active && certificate.Policies.Count > 0), "it has an active certificate all the same");
                await refusal.Mend(world).ConfigureAwait(false);
                fault = await board.PublishedAsync(Readings, cancellationToken).ConfigureAwait(false);
                Require(fault is null, "once that was mended: " + fault);
                await StopAttendingAsync(attending, attendance).ConfigureAwait(false);
                await SwitchOffAsync(board).ConfigureAwait(false);
                Inspect(world, board);
                told.Add(refusal.Name);
            }
            catch (WayException e)
            {
                await SwitchOffAsync(board).ConfigureAwait(false);
                throw new WayException($"{refusal.Name}: {e.Message}");
            }
        }

        return $"{string.Join("; ", told)}: told in the log, tried again, and in once it was mended";
    }

    private async Task ComeUpAsync(WayWorld world, WayBoard board, CancellationToken cancellationToken)
    {
        board.PowerOn();
        using CancellationTokenSource attending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task attendance = way.AttendAsync(world, board, attending.Token);
        string? fault = await board.PublishedAsync(Readings, cancellationToken).ConfigureAwait(false);
        await StopAttendingAsync(attending, attendance).ConfigureAwait(false);
        if (fault is not null)
        {
            await SwitchOffAsync(board).ConfigureAwait(false);
            throw new WayException(fault);
        }
    }

    private static async Task StopAttendingAsync(CancellationTokenSource attending, Task attendance)
    {
        await attending.CancelAsync().ConfigureAwait(false);
        await attendance.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (attendance.IsFaulted)
        {
            throw new WayException(attendance.Exception.InnerException!.Message);
        }
    }

    private static async Task SwitchOffAsync(WayBoard board)
    {
        try
        {
            await board.PowerOffAsync().ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new WayException("it cannot be switched off");
        }
    }

    /// <summary>Looks at both sides: one active certificate on the thing, and the board has it and its key.</summary>
    private DeviceIdentity Inspect(WayWorld world, WayBoard board)
    {
        DeviceIdentity? identity = board.Identity;
        Require(identity is not null, "there is no identity in its flash");
        RegisteredCertificate? own = world.Cloud.Registry.FindCertificate(identity!.CertificateId);
        Require(own is { Status: CertificateStatus.Active } && own.Things.Contains(identity.ThingName), "its certificate is not active, or not attached to its thing");
        int active = world.Cloud.Registry.FindCertificatesOfThing(identity.ThingName).Count(certificate => certificate.Status == CertificateStatus.Active);
        Require(active == 1, $"its thing has {active} active certificates");
        try
        {
            using X509Certificate2 pair = X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(identity.Certificate).TrimEnd('\0'), Encoding.ASCII.GetString(identity.Key).TrimEnd('\0'));
        }
        catch (CryptographicException)
        {
            throw new WayException("its key is not its certificate's");
        }

        Require(board.Flash.Peek(DeviceAgent.Provisioning.ProvisioningJournal.FileName) is null, "the journal is left in its flash");
        string? fault = way.FindFault(world, board);
        Require(fault is null, fault!);
        return identity;
    }

    private static void Require(bool isSo, string otherwise)
    {
        if (!isSo)
        {
            throw new WayException(otherwise);
        }
    }

    /// <summary>What a first boot consists of that nothing disturbs.</summary>
    private sealed class Uncut
    {
        public int Changes { get; set; }

        public int Answers { get; set; }

        public int Lines { get; set; }
    }
}
