namespace LocalCloud;

/// <summary>The values of the condition key <c>iot:ConnectAttributes</c> (developer guide, "Using connectAttributes").</summary>
public static class ConnectAttribute
{
    /// <summary>Clean session is 0.</summary>
    public const string PersistentConnect = "PersistentConnect";

    /// <summary>The CONNECT has a will.</summary>
    public const string LastWill = "LastWill";
}
