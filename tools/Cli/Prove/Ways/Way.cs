using System.Text;
using System.Text.Json.Nodes;
using DeviceAgent.Identity;
using DeviceAgent.Settings;
using LocalCloud;

namespace Cli.Prove.Ways;

/// <summary>A method of getting an identity: what the factory flashes for it, what the account needs, how it is refused.</summary>
internal abstract class Way
{
    /// <summary>Where the boards stand.</summary>
    public const string Location = "tokyo/hibiya/lab";

    /// <summary>Each of them.</summary>
    public static IReadOnlyList<Way> All { get; } = [new ClaimWay(), new ClaimCsrWay(), new JitpWay(), new TrustedUserWay()];

    /// <summary>The value of <c>provisioning.method</c>.</summary>
    public abstract string Method { get; }

    /// <summary>How it is refused.</summary>
    public abstract IReadOnlyList<WayRefusal> Refusals { get; }

    /// <summary>Whether a device may rotate its certificate by itself.</summary>
    public virtual bool CanRotate => true;

    /// <summary>Sets the account up, before any board is switched on.</summary>
    public virtual Task SetUpAsync(WayWorld world, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Fills a board's flash as the factory does.</summary>
    public virtual void Flash(WayWorld world, WayBoard board)
    {
        JsonObject settings = new()
        {
            ["endpoint"] = world.Cloud.Endpoint,
            ["port"] = world.Cloud.Port,
            ["product"] = WayWorld.Product,
            ["location"] = Location,
            ["provisioning"] = new JsonObject { ["method"] = Method, ["template"] = world.Cloud.TemplateName, ["maxCertificatesPerDay"] = 20 },
            ["telemetry"] = new JsonObject { ["intervalSeconds"] = WayBoard.IntervalSeconds },
        };
        board.Flash.Put(SettingsReader.FileName, Encoding.UTF8.GetBytes(settings.ToJsonString()));
        board.Flash.Put(PemFile.RootCa, Encoding.ASCII.GetBytes(world.Cloud.RootCaPem));
    }

    /// <summary>What somebody does beside the board while it is switched on; ends when that is done, or the power is off.</summary>
    public virtual Task AttendAsync(WayWorld world, WayBoard board, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What is not as this method promises once a board has its identity and is switched off; null where nothing is.</summary>
    public virtual string? FindFault(WayWorld world, WayBoard board) => null;

    /// <summary>Puts a PEM text into a board's flash.</summary>
    protected static void Put(WayBoard board, string name, string pem) => board.Flash.Put(name, Encoding.ASCII.GetBytes(pem));
}
