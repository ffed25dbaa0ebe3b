using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace LocalCloud;

/// <summary>The registry on disk: a snapshot, replaced as a whole, and a journal of what was changed since.</summary>
/// <remarks>
/// A change is there entirely or not at all, whenever the process ends, and writing it takes as long as the change is big,
/// however much the registry holds: it is one line at the end of the journal. When the journal outgrows the snapshot, a new
/// snapshot takes in what both have, and a new journal begins; a journal of another snapshot than the one that is there
/// does not count.
/// </remarks>
internal sealed class RegistryFile
{
    public const string FileName = "registry.json";
    public const string JournalName = "registry.journal";

    /// <summary>How long the journal may grow at least before a snapshot is made, in bytes.</summary>
    public const int MinimumJournal = 1024 * 1024;

    private static readonly JsonSerializerOptions s_snapshotJson = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private static readonly JsonSerializerOptions s_journalJson = new(s_snapshotJson) { WriteIndented = false };

    private readonly string _path;
    private readonly string _journalPath;
    private readonly TimeProvider _clock;
    private readonly CloudLog? _log;
    private FileStream? _journal;

    /// <summary>How much of the journal that was found can be gone on from; 0 where there is none.</summary>
    private long _journalLength;
    private long _snapshotLength;
    private int _generation;

    public RegistryFile(string directory, TimeProvider clock, CloudLog? log)
    {
        _path = Path.Combine(directory, FileName);
        _journalPath = Path.Combine(directory, JournalName);
        _clock = clock;
        _log = log;
    }

    /// <summary>What snapshot and journal hold, or an empty registry where there is neither. Writes nothing, but moves what is damaged aside.</summary>
    /// <exception cref="DataDirectoryException">A file cannot be read, or the snapshot is damaged; then it has been moved aside.</exception>
    public RegistryState Load()
    {
        var snapshot = Read(_path);
        var journal = Read(_journalPath);
        if (snapshot is null)
        {
            return journal is null
                ? RegistryState.Empty
                : throw new DataDirectoryException(_path, $"is missing, and {JournalName} beside it goes on from it. Put it back, or move {JournalName} away to start with an empty registry, which knows none of the certificates given so far");
        }

        var state = ReadSnapshot(snapshot);
        return journal is null ? state : ReadJournal(journal, state) with { Changes = null };
    }

    /// <summary>Writes what a state carries as its changes. When this returns, it is on the disk.</summary>
    /// <exception cref="IOException">It could not be written. The next write makes up for it.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Save(RegistryState state)
    {
        try
        {
            if (_journal is null && _journalLength > 0)
            {
                _journal = OpenJournal();

                // What a kill left half written was told to nobody.
                _journal.SetLength(_journalLength);
                _journal.Position = _journalLength;
            }

            if (_journal is null || _journalLength > Math.Max(MinimumJournal, _snapshotLength))
            {
                Compact(state);
            }
            else if (state.Changes is not null)
            {
                var line = JournalLine.Write(JsonSerializer.SerializeToUtf8Bytes(RegistryTransaction.Of(state), s_journalJson));
                _journal.Write(line);
                _journal.Flush(flushToDisk: true);
                _journalLength += line.Length;
            }
        }
        catch
        {
            // How much of it is in the file nobody knows: the next write is a snapshot.
            _journal?.Dispose();
            _journal = null;
            _journalLength = 0;
            throw;
        }
    }

    /// <summary>Ends the use of the files, with all of the state in the snapshot, where people can read it, and no journal.</summary>
    /// <exception cref="IOException">The snapshot could not be written; snapshot and journal still hold what was saved.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Close(RegistryState state)
    {
        if (_journal is not null)
        {
            WriteSnapshot(state);
            File.Delete(_journalPath);
        }
    }

    private static byte[]? Read(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var content = new MemoryStream();
            stream.CopyTo(content);
            return content.ToArray();
        }
        catch (FileNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(path, "cannot be read: " + e.Message, e);
        }
    }

    private RegistryState ReadSnapshot(byte[] bytes)
    {
        try
        {
            var snapshot = JsonSerializer.Deserialize<RegistrySnapshot>(bytes, s_snapshotJson) ?? throw new JsonException("it holds null");
            if (snapshot.Format is < 1 or > RegistrySnapshot.CurrentFormat)
            {
                throw new JsonException($"its format is {snapshot.Format}, and this LocalCloud knows the formats to {RegistrySnapshot.CurrentFormat}");
            }

            _generation = snapshot.Generation;
            _snapshotLength = bytes.Length;
            return snapshot.AddTo(RegistryState.Empty) with { Changes = null };
        }
        catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
        {
            throw Damaged(e);
        }
    }

    private DataDirectoryException Damaged(Exception fault)
    {
        var what = $"is damaged: {fault.Message.TrimEnd('.')}. ";
        const string Advice = "Put a good copy in its place, or start again to begin with an empty registry, which knows none of the certificates given so far";
        try
        {
            var now = _clock.GetUtcNow();
            var aside = Path.GetFileName(DamagedFile.Move(_path, now));
            if (File.Exists(_journalPath))
            {
                // It goes on from a snapshot that is not there any more.
                aside += " and " + Path.GetFileName(DamagedFile.Move(_journalPath, now));
            }

            return new DataDirectoryException(_path, $"{what}It is kept as {aside}. {Advice}", fault);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new DataDirectoryException(_path, $"{what}It could not be moved aside: {e.Message.TrimEnd('.')}. {Advice}", fault);
        }
    }

    private RegistryState ReadJournal(byte[] bytes, RegistryState state)
    {
        var lines = JournalLine.ReadAll(bytes);
        var header = lines is [{ IsWhole: true } first, ..] ? ReadHeader(first.Content) : null;
        if (header is null)
        {
            KeepAside("its first line is damaged, so that none of it can be used");
            return state;
        }

        if (header.Generation < _generation)
        {
            // A kill came between the snapshot that took it in and the journal that was to follow.
            return state;
        }

        if (header.Generation > _generation)
        {
            throw new DataDirectoryException(
                _journalPath,
                $"goes on from a later {FileName} than the one beside it. Put the two back that belong together, or move {JournalName} away to start with what {FileName} holds");
        }

        var lastWhole = lines.FindLastIndex(line => line.IsWhole);
        var damaged = 0;
        for (var index = 1; index <= lastWhole; index++)
        {
            try
            {
                if (!lines[index].IsWhole)
                {
                    throw new FormatException();
                }

                state = JsonSerializer.Deserialize<RegistryTransaction>(lines[index].Content.Span, s_journalJson)!.ApplyTo(state);
            }
            catch (Exception e) when (e is JsonException or FormatException or ArgumentException)
            {
                damaged++;
            }
        }

        if (damaged > 0)
        {
            KeepAside($"{damaged} of its {lastWhole} changes cannot be read, and are lost; the others are not");
        }
        else
        {
            // A last line that is not whole is a write that was cut off: nobody was told that it was done.
            _journalLength = lines[lastWhole].End;
        }

        return state;
    }

    private void KeepAside(string fault)
    {
        try
        {
            _log?.Error($"{_journalPath} is damaged: {fault}. It is kept as {Path.GetFileName(DamagedFile.Copy(_journalPath, _clock.GetUtcNow(), isSecret: false))}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(_journalPath, $"is damaged: {fault}. It could not be kept aside: {e.Message}", e);
        }
    }

    private static JournalHeader? ReadHeader(ReadOnlyMemory<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<JournalHeader>(json.Span, s_journalJson);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Compact(RegistryState state)
    {
        WriteSnapshot(state);
        var header = JournalLine.Write(JsonSerializer.SerializeToUtf8Bytes(new JournalHeader(_generation), s_journalJson));
        DurableFile.Write(_journalPath, header, isSecret: false);
        _journal = OpenJournal();
        _journal.Position = header.Length;
        _journalLength = header.Length;
    }

    private void WriteSnapshot(RegistryState state)
    {
        _journal?.Dispose();
        _journal = null;
        _journalLength = 0;
        _generation++;
        var snapshot = JsonSerializer.SerializeToUtf8Bytes(RegistrySnapshot.Of(state, _generation), s_snapshotJson);
        DurableFile.Write(_path, snapshot, isSecret: false);
        _snapshotLength = snapshot.Length;
    }

    /// <summary>Unbuffered: what is written is the whole of a line, and flushed at once.</summary>
    private FileStream OpenJournal() => new(_journalPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);

    private sealed record JournalHeader(int Generation);
}
