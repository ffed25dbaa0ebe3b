using DeviceAgent.Json;

namespace DeviceAgent.Provisioning
{
    /// <summary>The cloud's refusal of a provisioning request.</summary>
    public sealed class Rejection
    {
        /// <summary>As in HTTP: 400 for a bad request, 429 for too many; 0 where it was not given.</summary>
        public int StatusCode;

        /// <summary>AWS's name for it.</summary>
        public string ErrorCode = "";

        /// <summary>AWS's words for it.</summary>
        public string ErrorMessage = "";

        /// <summary>
        /// Whether the same request may well go through a little later: too many requests, or an error on the other side.
        /// Otherwise somebody has to mend something first.
        /// </summary>
        public bool IsPassing => StatusCode == 429 || StatusCode >= 500 || StatusCode == 0;

        /// <summary>Reads a rejection; what is not there stays empty.</summary>
        /// <param name="json">The message; <see langword="null"/> where it was too large to keep.</param>
        public static Rejection Parse(byte[] json)
        {
            Rejection rejection = new Rejection();
            if (json == null)
            {
                return rejection;
            }

            JsonReader reader = new JsonReader(json);
            if (reader.Read() != JsonTokenType.ObjectStart)
            {
                return rejection;
            }

            while (reader.Read() == JsonTokenType.Name)
            {
                int member = reader.Is("statusCode") ? 1 : reader.Is("errorCode") ? 2 : reader.Is("errorMessage") ? 3 : 0;
                JsonTokenType token = reader.Read();
                if (member == 1 && reader.TryGetInt(out int status))
                {
                    rejection.StatusCode = status;
                }
                else if (member > 1 && token == JsonTokenType.String && reader.DecodedLength <= 512)
                {
                    string text = Plain(reader.GetString() ?? "");
                    if (member == 2)
                    {
                        rejection.ErrorCode = text;
                    }
                    else
                    {
                        rejection.ErrorMessage = text;
                    }
                }

                reader.Skip();
            }

            return rejection;
        }

        /// <summary>A text with spaces for control characters: it goes into the log, and into reports, whose JSON could not carry them.</summary>
        /// <param name="text">The text.</param>
        internal static string Plain(string text)
        {
            char[] characters = text.ToCharArray();
            for (int i = 0; i < characters.Length; i++)
            {
                if (characters[i] < ' ' || (characters[i] >= '\u007f' && characters[i] <= '\u009f'))
                {
                    characters[i] = ' ';
                }
            }

            return new string(characters);
        }

        /// <summary>The rejection in one line for the log.</summary>
        public override string ToString() => "statusCode " + StatusCode.ToString() + ", errorCode " + ErrorCode + ", errorMessage " + ErrorMessage;
    }
}
