namespace LocalCloud;

/// <summary>What the policy variables stand for in one connection.</summary>
/// <param name="ClientId">Value of <c>${iot:ClientId}</c>: the client id of the CONNECT.</param>
/// <param name="ThingName">
/// Value of <c>${iot:Connection.Thing.ThingName}</c>, or null where it has none: on AWS the client id must be the name of a
/// thing that the certificate is attached to (developer guide, "Thing policy variables").
/// </param>
public sealed record PolicyContext(string ClientId, string? ThingName)
{
    internal const string ClientIdVariable = "iot:ClientId";
    internal const string ThingNameVariable = "iot:Connection.Thing.ThingName";

    /// <summary>The variables that policies may use.</summary>
    public static IReadOnlyList<string> Variables { get; } = [ClientIdVariable, ThingNameVariable];

    /// <summary>The value of a variable, or null.</summary>
    /// <param name="variable">One of <see cref="Variables"/>.</param>
    internal string? Resolve(string variable) => variable switch
    {
        ClientIdVariable => ClientId,
        ThingNameVariable => ThingName,
        _ => throw new ArgumentOutOfRangeException(nameof(variable), variable, "Not a policy variable."),
    };
}
