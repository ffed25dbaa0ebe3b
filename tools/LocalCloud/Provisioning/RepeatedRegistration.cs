namespace LocalCloud;

/// <summary>What a RegisterThing is answered whose token was accepted before. AWS documents neither.</summary>
public enum RepeatedRegistration
{
    /// <summary>The same template and parameters get the same answer again, and nothing changes; others are refused.</summary>
    AcceptAgain,

    /// <summary>400, InvalidCertificateOwnershipToken.</summary>
    Refuse,
}
