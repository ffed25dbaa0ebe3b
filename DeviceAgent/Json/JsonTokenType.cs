namespace DeviceAgent.Json
{
    /// <summary>What a <see cref="JsonReader"/> stands on.</summary>
    public enum JsonTokenType
    {
        /// <summary>Nothing was read yet.</summary>
        None,

        /// <summary><c>{</c></summary>
        ObjectStart,

        /// <summary><c>}</c></summary>
        ObjectEnd,

        /// <summary><c>[</c></summary>
        ArrayStart,

        /// <summary><c>]</c></summary>
        ArrayEnd,

        /// <summary>The name of a member; its value comes next.</summary>
        Name,

        /// <summary>A string.</summary>
        String,

        /// <summary>A number.</summary>
        Number,

        /// <summary><c>true</c></summary>
        True,

        /// <summary><c>false</c></summary>
        False,

        /// <summary><c>null</c></summary>
        Null,

        /// <summary>The text was JSON from its first byte to its last.</summary>
        End,

        /// <summary>The text is not JSON; <see cref="JsonReader.Problem"/> tells why.</summary>
        Error,
    }
}
