using System.Collections.Immutable;
using System.Globalization;
using System.Net.Security;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace LocalCloud;

/// <summary>Which region a server name leads to, and the certificate for it. Safe for use by many threads.</summary>
internal sealed class RegionNames
{
    public const string FileName = "names.json";

    private static readonly JsonSerializerOptions s_json = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly LocalCloudOptions _options;
    private readonly ImmutableDictionary<string, CloudRegion> _regions;
    private readonly ServerCertificates _certificates;
    private readonly string? _path;
    private readonly Lock _gate = new();

    /// <summary>What leads to a region whatever the table says, and what leads to the default one unless the table says otherwise.</summary>
    private readonly ImmutableDictionary<string, Target> _endpoints;
    private readonly ImmutableDictionary<string, Target> _own;

    /// <summary>The table, and what of it is kept on the disk.</summary>
    private ImmutableSortedDictionary<string, Target> _table = ImmutableSortedDictionary.Create<string, Target>(StringComparer.OrdinalIgnoreCase);
    private ImmutableSortedDictionary<string, string> _kept = ImmutableSortedDictionary.Create<string, string>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Makes it, with the names of the options and those that were kept.</summary>
    /// <param name="options">How LocalCloud runs.</param>
    /// <param name="regions">The regions, the default one first.</param>
    /// <param name="hosts">This machine's own names and addresses.</param>
    /// <param name="certificates">Makes certificates.</param>
    /// <param name="directory">Where names are kept, or null.</param>
    /// <param name="log">Is told of names that lead nowhere now.</param>
    /// <exception cref="DataDirectoryException">The file of names cannot be read.</exception>
    public RegionNames(LocalCloudOptions options, IReadOnlyList<CloudRegion> regions, IEnumerable<string> hosts, ServerCertificates certificates, string? directory, CloudLog log)
    {
        _options = options;
        _regions = regions.ToImmutableDictionary(region => region.Name, StringComparer.Ordinal);
        _certificates = certificates;
        _path = directory is null ? null : Path.Combine(directory, FileName);
        Default = new Target(regions[0], certificates.Default);
        _own = hosts.ToImmutableDictionary(host => host, _ => Default, StringComparer.OrdinalIgnoreCase);
        _endpoints = regions.Count == 1
            ? ImmutableDictionary<string, Target>.Empty
            : regions.ToImmutableDictionary(region => region.Endpoint, region => new Target(region, certificates.For(region.Endpoint)), StringComparer.OrdinalIgnoreCase);
        _kept = _kept.SetItems(Load());
        foreach (var (name, region) in _kept.SetItems(options.Names))
        {
            if (_regions.TryGetValue(region ?? "", out var known) && options.FindNameFault(name) is null)
            {
                _table = _table.SetItem(name, new Target(known, certificates.For(name)));
            }
            else
            {
                log.Warning($"{_path}: the name {name} leads to {region}, which this LocalCloud does not have: it is refused until it leads elsewhere");
            }
        }
    }

    /// <summary>Where a client goes that names no server, and where there is one region only, every name that is not in the table.</summary>
    public Target Default { get; }

    /// <summary>The table: the names, and the region that each leads to.</summary>
    public IReadOnlyDictionary<string, string> Table => Volatile.Read(ref _table).ToImmutableSortedDictionary(entry => entry.Key, entry => entry.Value.Region.Name, StringComparer.OrdinalIgnoreCase);

    /// <summary>All names that lead somewhere, for a person.</summary>
    public string Description => string.Join(
        ", ",
        _endpoints.Concat(_own.Where(own => !_table.ContainsKey(own.Key))).Concat(_table).OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key} ({entry.Value.Region.Name})"));

    /// <summary>Where a name leads, or null for nowhere.</summary>
    /// <param name="serverName">What a client's handshake names; empty for nothing.</param>
    public Target? Find(string? serverName)
    {
        if (string.IsNullOrEmpty(serverName))
        {
            return Default;
        }

        var name = KeyOf(serverName);
        return _endpoints.GetValueOrDefault(name)
            ?? Volatile.Read(ref _table).GetValueOrDefault(name)
            ?? (_regions.Count == 1 ? Default : _own.GetValueOrDefault(name));
    }

    /// <summary>Has a name lead to a region from now on. Connections that are there stay where they are.</summary>
    /// <param name="name">A host name.</param>
    /// <param name="region">The region.</param>
    /// <exception cref="ArgumentException">It is no name that can be given, or there is no such region; the message says which.</exception>
    /// <exception cref="IOException">It could not be kept, and leads where it led.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public void Set(string name, string region)
    {
        if (_options.FindNameFault(name) is { } fault)
        {
            throw new ArgumentException($"'{name}' {fault}.");
        }

        if (!_regions.TryGetValue(region, out var known))
        {
            throw new ArgumentException($"'{region}' is no region of this LocalCloud: {string.Join(", ", _options.Regions)}.");
        }

        var target = new Target(known, _certificates.For(name));
        lock (_gate)
        {
            Keep(_kept.SetItem(name, region));
            Volatile.Write(ref _table, _table.SetItem(name, target));
        }
    }

    /// <summary>Takes a name out of the table.</summary>
    /// <param name="name">A host name.</param>
    /// <returns>False when it was not there.</returns>
    /// <exception cref="IOException">That could not be kept, and it leads where it led.</exception>
    /// <exception cref="UnauthorizedAccessException">Likewise.</exception>
    public bool Remove(string name)
    {
        lock (_gate)
        {
            var isThere = _table.ContainsKey(name) || _kept.ContainsKey(name);
            if (isThere)
            {
                Keep(_kept.Remove(name));
                Volatile.Write(ref _table, _table.Remove(name));
            }

            return isThere;
        }
    }

    /// <summary>A region other than this one where a certificate is registered, or null: a client of that one has come to the wrong one.</summary>
    /// <param name="region">The region that does not know it.</param>
    /// <param name="certificateId">The certificate.</param>
    public CloudRegion? FindOther(CloudRegion region, string certificateId) =>
        region.Registry.FindCertificate(certificateId) is null ? _regions.Values.FirstOrDefault(other => other.Registry.FindCertificate(certificateId) is not null) : null;

    /// <summary>As names stand in the table: .NET tells what a client names in Unicode, and certificates have it in ASCII.</summary>
    private static string KeyOf(string serverName)
    {
        try
        {
            return new IdnMapping().GetAscii(serverName.TrimEnd('.'));
        }
        catch (ArgumentException)
        {
            return serverName;
        }
    }

    private void Keep(ImmutableSortedDictionary<string, string> names)
    {
        if (_path is not null)
        {
            DurableFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(names, s_json), isSecret: false);
        }

        _kept = names;
    }

    private Dictionary<string, string> Load()
    {
        try
        {
            return _path is null || !File.Exists(_path) ? [] : JsonSerializer.Deserialize<Dictionary<string, string>>(File.ReadAllBytes(_path), s_json) ?? [];
        }
        catch (JsonException e)
        {
            throw new DataDirectoryException(_path!, $"is damaged: {e.Message.TrimEnd('.')}. Mend it, or move it away to start without names", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DataDirectoryException(_path!, "cannot be read: " + e.Message, e);
        }
    }

    /// <summary>A region, and the certificate that the client is shown.</summary>
    internal sealed record Target(CloudRegion Region, SslStreamCertificateContext Certificate);
}
