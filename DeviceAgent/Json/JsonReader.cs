using System.Text;

namespace DeviceAgent.Json
{
    /// <summary>
    /// Reads JSON (RFC 8259) from UTF-8 bytes, token by token: one pass, nothing copied but what is asked for, and no exception
    /// whatever the bytes are. Strict in what it takes as JSON, and it takes all of it, but for nesting deeper than <see cref="MaximumDepth"/>.
    /// </summary>
    /// <remarks>
    /// nanoFramework.Json writes what the agent sends, but cannot read what a cloud may send: its parser throws on the escapes
    /// <c>\/</c> and <c>\u003d</c>, takes long strings for dates, and copies the text several times.
    /// </remarks>
    public sealed class JsonReader
    {
        /// <summary>How deep objects and arrays may be nested.</summary>
        public const int MaximumDepth = 32;

        private const int Value = 0;
        private const int ValueOrEnd = 1;
        private const int Name = 2;
        private const int NameOrEnd = 3;
        private const int CommaOrEnd = 4;
        private const int Nothing = 5;

        private readonly byte[] _text;
        private int _position;
        private int _expected;
        private uint _objects; // a bit for each open container, the innermost lowest: 1 for an object
        private int _depth;
        private JsonTokenType _token;
        private string _problem;

        // The string or number that the reader stands on: its raw bytes, and what it is decoded
        private int _start;
        private int _rawLength;
        private int _decodedLength;
        private bool _hasNul;

        /// <summary>Starts before the first token.</summary>
        /// <param name="text">The text, UTF-8 without a byte order mark; it must not change while it is read.</param>
        public JsonReader(byte[] text)
        {
            _text = text;
        }

        /// <summary>What the reader stands on.</summary>
        public JsonTokenType Token => _token;

        /// <summary>How many objects and arrays are open.</summary>
        public int Depth => _depth;

        /// <summary>Why the text is no JSON, and at which byte; <see langword="null"/> unless <see cref="Token"/> is <see cref="JsonTokenType.Error"/>.</summary>
        public string Problem => _problem;

        /// <summary>Bytes that the string read last takes once its escapes are decoded.</summary>
        public int DecodedLength => _decodedLength;

        /// <summary>Where the raw bytes of the string read last begin; with <see cref="RawLength"/> it can be decoded later by <see cref="Decode"/>.</summary>
        public int Start => _start;

        /// <summary>How many raw bytes the string read last has, without its quotes.</summary>
        public int RawLength => _rawLength;

        /// <summary>Whether the string read last holds U+0000, at which nanoFramework cuts a string.</summary>
        public bool HasNul => _hasNul;

        /// <summary>Goes on to the next token.</summary>
        /// <returns>The same as <see cref="Token"/> from then on; <see cref="JsonTokenType.End"/> and <see cref="JsonTokenType.Error"/> stay.</returns>
        public JsonTokenType Read()
        {
            if (_token != JsonTokenType.End && _token != JsonTokenType.Error)
            {
                _token = Next();
            }

            return _token;
        }

        /// <summary>Passes over a value whose first token was read, so that the next <see cref="Read"/> gives what follows it.</summary>
        /// <returns><see langword="false"/> where the text turned out to be no JSON.</returns>
        public bool Skip()
        {
            if (_token == JsonTokenType.ObjectStart || _token == JsonTokenType.ArrayStart)
            {
                int outside = _depth - 1;
                while (_depth > outside)
                {
                    if (Read() == JsonTokenType.Error)
                    {
                        return false;
                    }
                }
            }

            return _token != JsonTokenType.Error;
        }

        /// <summary>Whether the name or string read last is this text. Costs no memory.</summary>
        /// <param name="text">ASCII.</param>
        public bool Is(string text)
        {
            if (_rawLength != _decodedLength)
            {
                return GetString() == text;
            }

            if (_decodedLength != text.Length)
            {
                return false;
            }

            for (int i = 0; i < text.Length; i++)
            {
                if (_text[_start + i] != text[i])
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>The name or string read last; <see langword="null"/> where it holds U+0000, which no string on the board can.</summary>
        public string GetString()
        {
            if (_hasNul)
            {
                return null;
            }

            if (_rawLength == _decodedLength)
            {
                return _rawLength == 0 ? "" : Encoding.UTF8.GetString(_text, _start, _rawLength);
            }

            byte[] decoded = new byte[_decodedLength];
            Decode(_text, _start, _rawLength, decoded, 0);
            return Encoding.UTF8.GetString(decoded, 0, decoded.Length);
        }

        /// <summary>Gives the number read last, where it is whole and fits.</summary>
        /// <param name="value">The number; 0 where this fails.</param>
        /// <returns><see langword="false"/> where it has a fraction or an exponent, or needs more than 32 bits.</returns>
        public bool TryGetInt(out int value)
        {
            value = 0;
            if (_token != JsonTokenType.Number)
            {
                return false;
            }

            bool negative = _text[_start] == '-';
            int digit = negative ? _start + 1 : _start;
            int end = _start + _rawLength;
            if (end - digit > 10)
            {
                return false;
            }

            long sum = 0;
            for (; digit < end; digit++)
            {
                if (!IsDigit(_text[digit]))
                {
                    return false;
                }

                sum = (sum * 10) + (_text[digit] - '0');
            }

            if (negative)
            {
                sum = -sum;
            }

            if (sum < int.MinValue || sum > int.MaxValue)
            {
                return false;
            }

            value = (int)sum;
            return true;
        }

        /// <summary>Decodes a string that a reader has passed.</summary>
        /// <param name="text">The text that was read.</param>
        /// <param name="start"><see cref="Start"/> as it was then.</param>
        /// <param name="rawLength"><see cref="RawLength"/> as it was then.</param>
        /// <param name="destination">Takes the UTF-8 bytes: <see cref="DecodedLength"/> of them.</param>
        /// <param name="offset">Where in <paramref name="destination"/> the first goes.</param>
        public static void Decode(byte[] text, int start, int rawLength, byte[] destination, int offset)
        {
            int end = start + rawLength;
            while (start < end)
            {
                byte b = text[start++];
                if (b != '\\')
                {
                    destination[offset++] = b;
                    continue;
                }

                b = text[start++];
                if (b != 'u')
                {
                    destination[offset++] = Unescape(b);
                    continue;
                }

                int code = Hex4(text, start);
                start += 4;
                if (IsLowHalf(text, start, end, code))
                {
                    code = 0x10000 + ((code - 0xD800) << 10) + (Hex4(text, start + 2) - 0xDC00);
                    start += 6;
                    destination[offset++] = (byte)(0xF0 | (code >> 18));
                    destination[offset++] = (byte)(0x80 | ((code >> 12) & 0x3F));
                    destination[offset++] = (byte)(0x80 | ((code >> 6) & 0x3F));
                    destination[offset++] = (byte)(0x80 | (code & 0x3F));
                    continue;
                }

                if (code >= 0xD800 && code <= 0xDFFF)
                {
                    code = 0xFFFD; // half a surrogate pair stands for no character
                }

                if (code < 0x80)
                {
                    destination[offset++] = (byte)code;
                }
                else if (code < 0x800)
                {
                    destination[offset++] = (byte)(0xC0 | (code >> 6));
                    destination[offset++] = (byte)(0x80 | (code & 0x3F));
                }
                else
                {
                    destination[offset++] = (byte)(0xE0 | (code >> 12));
                    destination[offset++] = (byte)(0x80 | ((code >> 6) & 0x3F));
                    destination[offset++] = (byte)(0x80 | (code & 0x3F));
                }
            }
        }

        private JsonTokenType Next()
        {
            int c = Peek();
            if (_expected == CommaOrEnd)
            {
                if (c != ',')
                {
                    return Close(c);
                }

                _position++;
                _expected = IsInObject() ? Name : Value;
                c = Peek();
            }

            switch (_expected)
            {
                case Nothing:
                    return c < 0 ? JsonTokenType.End : Fail("something follows the end of the text");

                case Name:
                case NameOrEnd:
                    return c == '"' ? ReadName() : _expected == NameOrEnd ? Close(c) : Fail("a member's name is missing");

                case ValueOrEnd:
                    if (c == ']')
                    {
                        return Close(c);
                    }

                    break;
            }

            switch (c)
            {
                case '{':
                    return Open(JsonTokenType.ObjectStart);
                case '[':
                    return Open(JsonTokenType.ArrayStart);
                case '"':
                    return ReadString() ? AfterValue(JsonTokenType.String) : JsonTokenType.Error;
                case 't':
                    return ReadWord("true", JsonTokenType.True);
                case 'f':
                    return ReadWord("false", JsonTokenType.False);
                case 'n':
                    return ReadWord("null", JsonTokenType.Null);
                default:
                    return c == '-' || IsDigit(c) ? ReadNumber() : Fail("a value is missing");
            }
        }

        /// <summary>The next byte that is no white space; −1 at the end.</summary>
        private int Peek()
        {
            while (_position < _text.Length)
            {
                byte b = _text[_position];
                if (b != ' ' && b != '\n' && b != '\r' && b != '\t')
                {
                    return b;
                }

                _position++;
            }

            return -1;
        }

        private JsonTokenType Open(JsonTokenType token)
        {
            if (_depth == MaximumDepth)
            {
                return Fail("nested too deep");
            }

            bool isObject = token == JsonTokenType.ObjectStart;
            _position++;
            _depth++;
            _objects = (_objects << 1) | (isObject ? 1u : 0u);
            _expected = isObject ? NameOrEnd : ValueOrEnd;
            return token;
        }

        private JsonTokenType Close(int c)
        {
            bool isObject = IsInObject();
            if (c != (isObject ? '}' : ']'))
            {
                return Fail(c < 0 ? "the text ends in the middle" : isObject ? "a comma or } is missing" : "a comma or ] is missing");
            }

            _position++;
            _depth--;
            _objects >>= 1;
            return AfterValue(isObject ? JsonTokenType.ObjectEnd : JsonTokenType.ArrayEnd);
        }

        private JsonTokenType AfterValue(JsonTokenType token)
        {
            _expected = _depth == 0 ? Nothing : CommaOrEnd;
            return token;
        }

        private JsonTokenType ReadName()
        {
            if (!ReadString())
            {
                return JsonTokenType.Error;
            }

            if (Peek() != ':')
            {
                return Fail("a colon is missing");
            }

            _position++;
            _expected = Value;
            return JsonTokenType.Name;
        }

        private bool ReadString()
        {
            _start = ++_position;
            _hasNul = false;
            int decoded = 0;
            while (_position < _text.Length)
            {
                int b = _text[_position];
                if (b == '"')
                {
                    _rawLength = _position++ - _start;
                    _decodedLength = decoded;
                    return true;
                }

                if (b == '\\')
                {
                    int length = EscapeLength();
                    if (length == 0)
                    {
                        Fail("an escape is wrong");
                        return false;
                    }

                    decoded += length;
                }
                else if (b < ' ')
                {
                    Fail("a control character stands in a string");
                    return false;
                }
                else
                {
                    int length = b < 0x80 ? 1 : Utf8Length(b);
                    if (length == 0)
                    {
                        Fail("the text is no UTF-8");
                        return false;
                    }

                    decoded += length;
                    _position += length;
                }
            }

            Fail("the text ends in a string");
            return false;
        }

        /// <summary>Passes over an escape.</summary>
        /// <returns>How many bytes it is decoded; 0 where it is none.</returns>
        private int EscapeLength()
        {
            int left = _text.Length - _position;
            if (left < 2)
            {
                return 0;
            }

            byte b = _text[_position + 1];
            if (b != 'u')
            {
                _position += 2;
                return Unescape(b) == 0 ? 0 : 1;
            }

            int code = left < 6 ? -1 : Hex4(_text, _position + 2);
            if (code < 0)
            {
                return 0;
            }

            _position += 6;
            if (IsLowHalf(_text, _position, _text.Length, code))
            {
                _position += 6;
                return 4;
            }

            _hasNul |= code == 0;
            return code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
        }

        /// <summary>How many bytes the character at the position has; 0 where they are no UTF-8 (RFC 3629).</summary>
        private int Utf8Length(int first)
        {
            int length = first >= 0xC2 && first <= 0xDF ? 2 : (first & 0xF0) == 0xE0 ? 3 : first >= 0xF0 && first <= 0xF4 ? 4 : 0;
            if (length == 0 || _text.Length - _position < length)
            {
                return 0;
            }

            for (int i = 1; i < length; i++)
            {
                if ((_text[_position + i] & 0xC0) != 0x80)
                {
                    return 0;
                }
            }

            // Too long a form, a surrogate, or beyond U+10FFFF
            int second = _text[_position + 1];
            bool wrong = (first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F) || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F);
            return wrong ? 0 : length;
        }

        private JsonTokenType ReadNumber()
        {
            _start = _position;
            _hasNul = false;
            if (_text[_position] == '-')
            {
                _position++;
            }

            int zero = _position;
            bool right = SkipDigits();
            right &= !(_position - zero > 1 && _text[zero] == '0');
            if (right && At('.'))
            {
                _position++;
                right = SkipDigits();
            }

            if (right && (At('e') || At('E')))
            {
                _position++;
                if (At('+') || At('-'))
                {
                    _position++;
                }

                right = SkipDigits();
            }

            if (!right)
            {
                return Fail("a number is wrong");
            }

            _rawLength = _position - _start;
            _decodedLength = _rawLength;
            return AfterValue(JsonTokenType.Number);
        }

        private bool SkipDigits()
        {
            int first = _position;
            while (_position < _text.Length && IsDigit(_text[_position]))
            {
                _position++;
            }

            return _position > first;
        }

        private JsonTokenType ReadWord(string word, JsonTokenType token)
        {
            for (int i = 0; i < word.Length; i++)
            {
                if (!At(word[i]))
                {
                    return Fail("a value is wrong");
                }

                _position++;
            }

            return AfterValue(token);
        }

        private JsonTokenType Fail(string problem)
        {
            _problem = problem + " (at byte " + _position.ToString() + ")";
            _token = JsonTokenType.Error;
            return JsonTokenType.Error;
        }

        private bool At(char c) => _position < _text.Length && _text[_position] == c;

        private bool IsInObject() => (_objects & 1u) != 0;

        private static bool IsDigit(int c) => c >= '0' && c <= '9';

        private static byte Unescape(byte b)
        {
            switch (b)
            {
                case (byte)'n':
                    return 10;
                case (byte)'"':
                case (byte)'\\':
                case (byte)'/':
                    return b;
                case (byte)'r':
                    return 13;
                case (byte)'t':
                    return 9;
                case (byte)'b':
                    return 8;
                case (byte)'f':
                    return 12;
                default:
                    return 0;
            }
        }

        /// <summary>Whether a high surrogate is followed by the escape of a low one.</summary>
        private static bool IsLowHalf(byte[] text, int at, int end, int code)
        {
            if (code < 0xD800 || code > 0xDBFF || end - at < 6 || text[at] != '\\' || text[at + 1] != 'u')
            {
                return false;
            }

            int low = Hex4(text, at + 2);
            return low >= 0xDC00 && low <= 0xDFFF;
        }

        private static int Hex4(byte[] text, int at)
        {
            int code = 0;
            for (int i = 0; i < 4; i++)
            {
                int c = text[at + i];
                int digit = IsDigit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
                if (digit < 0)
                {
                    return -1;
                }

                code = (code << 4) | digit;
            }

            return code;
        }
    }
}
