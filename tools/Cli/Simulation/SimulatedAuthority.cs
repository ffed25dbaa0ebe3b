using System.Security.Cryptography;
using LocalCloud;

namespace Cli.Simulation;

/// <summary>
/// The certificates of all simulations of this process: real ones, made once. The first in one simulation are the first in each other too,
/// so that neither time nor chance tells two runs apart. Safe for use by many threads.
/// </summary>
internal sealed class SimulatedAuthority
{
    /// <summary>How many keys there are. Certificates so far apart have the same: no single board comes to have so many.</summary>
    private const int Keys = 32;

    private static readonly Lazy<SimulatedAuthority> s_shared = new(() => new SimulatedAuthority());

    private readonly Lock _gate = new();
    private readonly CertificateAuthority _authority;
    private readonly List<RSA> _keys = [];
    private readonly List<IssuedCertificate> _issued = [];

    private SimulatedAuthority()
    {
        // On a thread of the pool's: this one's context may be a simulation's
        _authority = Task.Run(() => CertificateAuthority.OpenAsync(directory: null, [SimulatedWorld.Host], new SimulatedTime(), CancellationToken.None)).GetAwaiter().GetResult();
        Claim = Task.Run(() => _authority.IssueAsync(CancellationToken.None)).GetAwaiter().GetResult();
    }

    /// <summary>The one of this process.</summary>
    public static SimulatedAuthority Shared => s_shared.Value;

    /// <summary>The root that boards trust, as PEM.</summary>
    public string RootPem => _authority.RootPem;

    /// <summary>The claim.</summary>
    public IssuedCertificate Claim { get; }

    /// <summary>Gives the certificates of a simulation, from the first on.</summary>
    public ICertificateIssuer NewIssuer() => new Issuer(this);

    private IssuedCertificate Take(int number)
    {
        lock (_gate)
        {
            while (_issued.Count <= number)
            {
                if (_keys.Count < Keys)
                {
                    _keys.Add(RSA.Create(2048));
                }

                _issued.Add(_authority.Issue(_keys[_issued.Count % Keys]));
            }

            return _issued[number];
        }
    }

    private sealed class Issuer(SimulatedAuthority authority) : ICertificateIssuer
    {
        private int _given;

        public Task<IssuedCertificate> IssueAsync(CancellationToken cancellationToken) => Task.FromResult(authority.Take(_given++));
    }
}
