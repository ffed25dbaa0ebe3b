using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using LocalCloud;

namespace Cli.Simulation;

/// <summary>
/// The certificates of all simulations of this process: real ones, made once. The first in one simulation are the first in each other too,
/// so that neither time nor chance tells two runs apart. Safe for use by many threads.
/// </summary>
internal sealed class SimulatedAuthority
{
    /// <summary>How many keys there are. Certificates so far apart have the same: no single board of a proof comes to have so many.</summary>
    private const int Keys = 12;

    /// <summary>The common name in <see cref="Own"/>.</summary>
    public const string OwnThing = "a0b1c2d3e4f5";

    private static readonly Lazy<SimulatedAuthority> s_shared = new(() => new SimulatedAuthority());

    private readonly Lock _gate = new();
    private readonly CertificateAuthority _authority;
    private readonly List<RSA> _keys = [];
    private readonly List<IssuedCertificate> _issued = [];
    private readonly Dictionary<(int Number, string Subject, string Key), IssuedCertificate> _issuedFor = [];

    private SimulatedAuthority()
    {
        RSA[] keys = [.. Enumerable.Range(0, 5).Select(_ => RSA.Create(2048))];
        Parallel.ForEach(keys, key => key.ExportRSAPublicKey());
        _authority = CertificateAuthority.Make(keys[0], new SimulatedTime());
        Claim = _authority.Issue(keys[1]);
        Subscriber = _authority.Issue(keys[2]);
        CertificateAuthority owner = CertificateAuthority.Make(keys[3], new SimulatedTime());
        OwnerPem = owner.RootPem;
        Own = owner.Issue(new SigningRequest(new X500DistinguishedName("CN=" + OwnThing), new PublicKey(keys[4]))) with { PrivateKeyPem = keys[4].ExportPkcs8PrivateKeyPem() };
    }

    /// <summary>The one of this process.</summary>
    public static SimulatedAuthority Shared => s_shared.Value;

    /// <summary>The root that boards trust, as PEM.</summary>
    public string RootPem => _authority.RootPem;

    /// <summary>The claim.</summary>
    public IssuedCertificate Claim { get; }

    /// <summary>What a <see cref="SimulatedSubscriber"/> connects with.</summary>
    public IssuedCertificate Subscriber { get; }

    /// <summary>The root of an owner's own CA, as PEM.</summary>
    public string OwnerPem { get; }

    /// <summary>What that CA has made for the board <see cref="OwnThing"/>.</summary>
    public IssuedCertificate Own { get; }

    /// <summary>Gives the certificates of a simulation.</summary>
    /// <param name="given">How many of them were given already.</param>
    public ICertificateIssuer NewIssuer(int given = 0) => new Issuer(this, given);

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

    private IssuedCertificate Take(int number, SigningRequest request)
    {
        lock (_gate)
        {
            var key = (number, Convert.ToHexString(request.Subject.RawData), Convert.ToHexString(request.Key.ExportSubjectPublicKeyInfo()));
            if (!_issuedFor.TryGetValue(key, out IssuedCertificate? issued))
            {
                issued = _authority.Issue(request);
                _issuedFor.Add(key, issued);
            }

            return issued;
        }
    }

    private sealed class Issuer(SimulatedAuthority authority, int given) : ICertificateIssuer
    {
        private int _given = given;

        public Task<IssuedCertificate> IssueAsync(CancellationToken cancellationToken) => Task.FromResult(authority.Take(_given++));

        public IssuedCertificate Issue(SigningRequest request) => authority.Take(_given++, request);
    }
}
