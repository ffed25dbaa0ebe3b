using System.Text.Json.Serialization;
using Mqtt;

namespace LocalCloud;

/// <summary>Something that the broker is to know after a restart: a line of its journal.</summary>
/// <remarks>Each means something by itself, so that a line that is lost costs what stood in it and no more.</remarks>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "change")]
[JsonDerivedType(typeof(Begun), "begun")]
[JsonDerivedType(typeof(Retained), "retained")]
[JsonDerivedType(typeof(Connected), "connected")]
[JsonDerivedType(typeof(Left), "left")]
[JsonDerivedType(typeof(Ended), "ended")]
[JsonDerivedType(typeof(Subscribed), "subscribed")]
[JsonDerivedType(typeof(Unsubscribed), "unsubscribed")]
[JsonDerivedType(typeof(Queued), "queued")]
[JsonDerivedType(typeof(Sent), "sent")]
[JsonDerivedType(typeof(Done), "done")]
internal abstract record BrokerChange
{
    /// <summary>The first line.</summary>
    /// <param name="Format">How the lines after it are to be read.</param>
    public sealed record Begun(int Format) : BrokerChange;

    /// <summary>A message is retained in place of its topic's earlier one.</summary>
    /// <param name="Topic">Its topic.</param>
    /// <param name="Payload">The message; an empty one only takes the earlier one away.</param>
    /// <param name="QoS">As it was published.</param>
    public sealed record Retained(string Topic, ReadOnlyMemory<byte> Payload, QualityOfService QoS) : BrokerChange;

    /// <summary>A client has connected with a persistent session.</summary>
    /// <param name="Client">Its client id.</param>
    /// <param name="IsNew">Whether the session begins now.</param>
    public sealed record Connected(string Client, bool IsNew) : BrokerChange;

    /// <summary>The client of a persistent session is away.</summary>
    /// <param name="Client">Its client id.</param>
    /// <param name="Until">When the session ends unless it comes back.</param>
    public sealed record Left(string Client, DateTimeOffset Until) : BrokerChange;

    /// <summary>A persistent session is over.</summary>
    /// <param name="Client">Its client id.</param>
    public sealed record Ended(string Client) : BrokerChange;

    /// <summary>A persistent session has another subscription.</summary>
    /// <param name="Client">Its client id.</param>
    /// <param name="Filter">The filter.</param>
    /// <param name="QoS">What was granted.</param>
    public sealed record Subscribed(string Client, string Filter, QualityOfService QoS) : BrokerChange;

    /// <summary>A persistent session has a subscription less.</summary>
    /// <param name="Client">Its client id.</param>
    /// <param name="Filter">The filter.</param>
    public sealed record Unsubscribed(string Client, string Filter) : BrokerChange;

    /// <summary>A message is to be sent to a client until it is acknowledged.</summary>
    /// <param name="Client">Its client id.</param>
    /// <param name="Number">Which of the session's messages it is.</param>
    /// <param name="Topic">Its topic.</param>
    /// <param name="Payload">The message.</param>
    /// <param name="Retain">Whether it was kept for new subscribers.</param>
    /// <param name="Arrived">When it came.</param>
    public sealed record Queued(string Client, long Number, string Topic, ReadOnlyMemory<byte> Payload, bool Retain, DateTimeOffset Arrived) : BrokerChange;

    /// <summary>It has been sent.</summary>
    /// <param name="Client">Its client id.</param>
    /// <param name="Number">Which of the session's messages it is.</param>
    /// <param name="PacketId">The identifier that it was given.</param>
    public sealed record Sent(string Client, long Number, ushort PacketId) : BrokerChange;

    /// <summary>It is not to be sent any more: it was acknowledged, or given up.</summary>
    /// <param name="Client">Its client id.</param>
    /// <param name="Number">Which of the session's messages it is.</param>
    public sealed record Done(string Client, long Number) : BrokerChange;
}
