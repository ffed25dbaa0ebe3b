namespace LocalCloud;

/// <summary>
/// The policy actions that the message broker asks about (AWS IoT developer guide, "AWS IoT Core policy actions"). Policies
/// may name others, of shadows and jobs and of other services; nobody asks about them here.
/// </summary>
public static class PolicyActions
{
    /// <summary>CONNECT with a client id; the resource is <c>client/ID</c>.</summary>
    public const string Connect = "iot:Connect";

    /// <summary>PUBLISH to a topic; the resource is <c>topic/TOPIC</c>.</summary>
    public const string Publish = "iot:Publish";

    /// <summary>PUBLISH with the retain flag, asked beside <see cref="Publish"/>; the resource is <c>topic/TOPIC</c>.</summary>
    public const string RetainPublish = "iot:RetainPublish";

    /// <summary>SUBSCRIBE with a filter; the resource is <c>topicfilter/FILTER</c>.</summary>
    public const string Subscribe = "iot:Subscribe";

    /// <summary>One message on its way to a subscriber; the resource is <c>topic/TOPIC</c>.</summary>
    public const string Receive = "iot:Receive";
}
