namespace LocalCloud;

/// <summary>What LocalCloud does in place of what is right.</summary>
public enum FaultAction
{
    /// <summary>It says no: a TLS alert, a return code in CONNACK or SUBACK, a rejected answer.</summary>
    Refuse,

    /// <summary>It rejects a provisioning request with 429, as for too many in a second.</summary>
    Throttle,

    /// <summary>It waits first.</summary>
    Delay,

    /// <summary>It does not hear the request; in a session, nothing more at all, and is silent too.</summary>
    Drop,

    /// <summary>It acts, and does not answer.</summary>
    Lose,

    /// <summary>It closes the connection without a word.</summary>
    Close,

    /// <summary>It answers twice.</summary>
    Twice,

    /// <summary>It gives the answer to another: another device's certificate or thing, the acknowledgement of another packet.</summary>
    Foreign,

    /// <summary>It answers with what is no JSON or CBOR, or no packet of MQTT.</summary>
    Malformed,

    /// <summary>It breaks off in the middle of the answer.</summary>
    Truncated,

    /// <summary>It makes the answer very long, all of it valid.</summary>
    Oversized,

    /// <summary>It writes the answer as nobody writes it: another order, members that nobody knows, in JSON escapes and white space.</summary>
    Unusual,
}
