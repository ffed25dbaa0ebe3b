namespace LocalCloud;

/// <summary>The resource names (ARNs) of one account in one region, as policies write them.</summary>
/// <param name="Region">AWS region, such as <c>ap-northeast-1</c>.</param>
/// <param name="AccountId">AWS account, 12 digits.</param>
public sealed record IotArns(string Region, string AccountId)
{
    private readonly string _prefix = $"arn:aws:iot:{Region}:{AccountId}:";

    /// <summary>The resource of <see cref="PolicyActions.Connect"/>.</summary>
    /// <param name="clientId">MQTT client id.</param>
    public string Client(string clientId) => $"{_prefix}client/{clientId}";

    /// <summary>The resource of <see cref="PolicyActions.Publish"/>, <see cref="PolicyActions.RetainPublish"/> and <see cref="PolicyActions.Receive"/>.</summary>
    /// <param name="topic">MQTT topic name.</param>
    public string Topic(string topic) => $"{_prefix}topic/{topic}";

    /// <summary>The resource of <see cref="PolicyActions.Subscribe"/>.</summary>
    /// <param name="filter">MQTT topic filter.</param>
    public string TopicFilter(string filter) => $"{_prefix}topicfilter/{filter}";
}
