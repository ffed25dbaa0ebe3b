namespace LocalCloud;

/// <summary>The form of requests and answers, which the topic names.</summary>
internal enum PayloadFormat
{
    Json,
    Cbor,
}
