using System.Text.Json;

namespace LocalCloud;

/// <summary>
/// The state of the broker between one orderly stop and the next start. While LocalCloud runs there is no such file: what a
/// killed one had is lost, and not taken for what an earlier one had.
/// </summary>
internal static class BrokerStateFile
{
    public const string FileName = "broker.json";

    /// <summary>Takes the state out of a directory. What cannot be read is put aside, and told.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="now">The time, for the name of what is put aside.</param>
    /// <param name="log">Where that is told.</param>
    /// <returns>The state, or null where there is none.</returns>
    public static BrokerState? Take(string directory, DateTimeOffset now, CloudLog log)
    {
        var path = Path.Combine(directory, FileName);
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            var state = JsonSerializer.Deserialize<BrokerState>(File.ReadAllBytes(path));
            if (state is { Retained: not null, Sessions: not null }
                && state.Retained.All(message => message is { Topic: not null, Payload: not null })
                && state.Sessions.All(session => session is { ClientId: not null, Subscriptions: not null, Messages: not null }
                    && session.Messages.All(message => message is { Topic: not null, Payload: not null })))
            {
                File.Delete(path);
                return state;
            }
        }
        catch (JsonException)
        {
            // Told below.
        }

        var aside = DamagedFile.Move(path, now);
        log.Error($"{path} is damaged, and put aside as {Path.GetFileName(aside)}: the retained messages and persistent sessions in it are lost");
        return null;
    }

    /// <summary>Writes the state.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="state">The state.</param>
    public static void Write(string directory, BrokerState state) =>
        DurableFile.Write(Path.Combine(directory, FileName), JsonSerializer.SerializeToUtf8Bytes(state), isSecret: true);
}
