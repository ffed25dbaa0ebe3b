namespace LocalCloud;

/// <summary>The form of requests and answers, which the topic names.</summary>
internal enum PayloadFormat
{
    Json,

    /// <summary>Known, so that it can be told apart from a mistyped topic; not answered yet.</summary>
    Cbor,
}
