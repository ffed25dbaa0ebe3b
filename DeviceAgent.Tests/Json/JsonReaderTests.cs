using System;
using System.Text;
using DeviceAgent.Json;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Json
{
    [TestClass]
    public class JsonReaderTests
    {
        private const string Everything = "{\"a\":[0,-1.5e+3,true,false,null,{},[],\"\"],\"b\\u00e9~E2~82~AC\":{\"c\":\"x\\n\\/\\ud83d\\ude00\\\\\"},\"d\":[[1],{\"e\":2}]}";

        [TestMethod]
        public void ValidDocumentsGiveTheirTokens()
        {
            string[] documents = new string[]
            {
                "{}", "{ } .",
                "[]", "[ ] .",
                " \t\r\n{ \n\"a\" \r: \t1 } ", "{ a: 1 } .",
                "\"text\"", "'text' .",
                "0", "0 .",
                "-0", "-0 .",
                "-12.50E-07", "-12.50E-07 .",
                "1e9", "1e9 .",
                "1E+9", "1E+9 .",
                "0.0", "0.0 .",
                "123456789012345678901234567890", "123456789012345678901234567890 .",
                "true", "T .",
                "false", "F .",
                "null", "N .",
                "[true,false,null]", "[ T F N ] .",
                "[[[]],{}]", "[ [ [ ] ] { } ] .",
                "{\"a\":{\"b\":[1,{\"c\":\"d\"}]},\"e\":\"\"}", "{ a: { b: [ 1 { c: 'd' } ] } e: '' } .",
                "{\"\":1,\"\":2}", "{ : 1 : 2 } .",
                "[\"a\",1,\"b\"]", "[ 'a' 1 'b' ] .",
                "\"~7F\"", "'\u007f' .",
                "\"~C2~80~DF~BF~E0~A0~80~ED~9F~BF~EE~80~80~EF~BF~BF\"", "'\u0080\u07ff\u0800\ud7ff\ue000\uffff' .",
            };
            for (int i = 0; i < documents.Length; i += 2)
            {
                Assert.AreEqual(documents[i + 1], Describe(documents[i]), "document " + i.ToString());
            }
        }

        [TestMethod]
        public void EveryEscapeIsDecoded()
        {
            string[] strings = new string[]
            {
                "", "",
                "\\\"", "22",
                "\\\\", "5C",
                "\\/", "2F",
                "\\b", "08",
                "\\f", "0C",
                "\\n", "0A",
                "\\r", "0D",
                "\\t", "09",
                "\\u003d", "3D",
                "\\u004A\\u004a", "4A4A",
                "\\u0001", "01",
                "\\u007f\\u0080", "7FC280",
                "\\u07FF\\u0800", "DFBFE0A080",
                "\\u20ac", "E282AC",
                "\\uFFFF", "EFBFBF",
                "\\ud83d\\ude00", "F09F9880",
                "\\uD800\\uDC00\\uDBFF\\uDFFF", "F0908080F48FBFBF",
                "~F0~9F~98~80~F4~8F~BF~BF", "F09F9880F48FBFBF",
                "a\\u003d\\/b\\n", "613D2F620A",
                "\\\\u0041", "5C7530303431",
                "\\u0000", "00",
                "a\\u0000b", "610062",

                // Half a surrogate pair stands for no character
                "\\ud800", "EFBFBD",
                "\\udfff", "EFBFBD",
                "\\ud800x", "EFBFBD78",
                "\\ud83d\\u0041", "EFBFBD41",
                "\\ud800\\n", "EFBFBD0A",
                "\\ude00\\ud83d", "EFBFBDEFBFBD",
                "\\ud800\\ud800\\udc00", "EFBFBDF0908080",
            };
            for (int i = 0; i < strings.Length; i += 2)
            {
                byte[] text = Bytes("\"" + strings[i] + "\"");
                JsonReader reader = new JsonReader(text);
                Assert.AreEqual((int)JsonTokenType.String, (int)reader.Read(), "string " + i.ToString());
                byte[] decoded = new byte[reader.DecodedLength + 1];
                decoded[reader.DecodedLength] = 0xA5;
                JsonReader.Decode(text, reader.Start, reader.RawLength, decoded, 0);
                Assert.AreEqual(strings[i + 1] + "A5", Hex(decoded), "string " + i.ToString());
                bool hasNul = strings[i + 1].IndexOf("00") >= 0 && strings[i].IndexOf("u0000") >= 0;
                Assert.AreEqual(hasNul, reader.HasNul, "U+0000 in string " + i.ToString());
                if (!hasNul)
                {
                    Assert.AreEqual(strings[i + 1], Hex(Encoding.UTF8.GetBytes(reader.GetString())), "text of string " + i.ToString());
                }
            }
        }

        [TestMethod]
        public void AStringWithNulHasNoText()
        {
            JsonReader reader = new JsonReader(Bytes("[\"a\\u0000b\",\"ab\"]"));
            reader.Read();
            reader.Read();
            Assert.IsNull(reader.GetString());
            Assert.IsFalse(reader.Is("a"));
            reader.Read();
            Assert.AreEqual("ab", reader.GetString());
        }

        [TestMethod]
        public void ANumberAfterAStringWithNulHasItsText()
        {
            JsonReader reader = new JsonReader(Bytes("{\"a\\u0000\":17}"));
            reader.Read();
            reader.Read();
            Assert.IsTrue(reader.HasNul);
            reader.Read();
            Assert.IsFalse(reader.HasNul);
            Assert.AreEqual("17", reader.GetString());
        }

        [TestMethod]
        public void TextIsComparedAsItIsDecoded()
        {
            JsonReader reader = new JsonReader(Bytes("{\"end\\u0070oint\":\"x\\/y\",\"plain\":1}"));
            reader.Read();
            reader.Read();
            Assert.IsTrue(reader.Is("endpoint"));
            Assert.IsFalse(reader.Is("endpoin"));
            Assert.IsFalse(reader.Is("endpoints"));
            reader.Read();
            Assert.IsTrue(reader.Is("x/y"));
            reader.Read();
            Assert.IsTrue(reader.Is("plain"));
            Assert.IsFalse(reader.Is("plaim"));
            Assert.IsFalse(reader.Is("plain "));
        }

        [TestMethod]
        public void OnlyWholeNumbersOf32BitsAreIntegers()
        {
            string[] numbers = new string[]
            {
                "0", "0", "-0", "0", "7", "7", "-7", "-7", "2147483647", "2147483647", "-2147483648", "-2147483648",
                "2147483648", "", "-2147483649", "", "9999999999", "", "4294967297", "", "18446744073709551617", "",
                "1.0", "", "1e1", "", "10E0", "", "-1.5", "", "\"1\"", "", "true", "", "null", "",
            };
            for (int i = 0; i < numbers.Length; i += 2)
            {
                JsonReader reader = new JsonReader(Bytes("[" + numbers[i] + "]"));
                reader.Read();
                reader.Read();
                bool isInteger = reader.TryGetInt(out int value);
                Assert.AreEqual(numbers[i + 1], isInteger ? value.ToString() : "", numbers[i]);
                Assert.IsTrue(isInteger || value == 0, "what is left of " + numbers[i]);
            }
        }

        [TestMethod]
        public void NestingIsReadDownTo32AndRefusedBelow()
        {
            string[] parts = new string[] { "[", "]", "{\"a\":", "}" };
            for (int i = 0; i < parts.Length; i += 2)
            {
                string open = "";
                string close = "";
                for (int depth = 0; depth < 32; depth++)
                {
                    // Of both kinds in turn, so that each level's own kind is remembered
                    open += depth % 5 == 0 ? "[" : parts[i];
                    close = (depth % 5 == 0 ? "]" : parts[i + 1]) + close;
                }

                JsonReader reader = new JsonReader(Bytes(open + "1" + close));
                Assert.AreEqual(".", Last(reader), "depth 32: " + reader.Problem);
                Assert.AreEqual(0, reader.Depth);
                reader = new JsonReader(Bytes(open + "[1]" + close));
                Assert.AreEqual("!", Last(reader));
                Assert.AreEqual(32, reader.Depth);
                Assert.IsTrue(reader.Problem.StartsWith("nested too deep"), reader.Problem);
            }
        }

        [TestMethod]
        public void MalformedDocumentsAreRefused()
        {
            string[] documents = new string[]
            {
                "", " ", "{", "[", "}", "]", ",", ":", "{]", "[}", "{}}", "[]]", "{}{}", "1 2", "\"a\"\"b\"", "{} x", "null null",
                "[1,]", "[,1]", "[1 2]", "[1,,2]", "[1;2]", "[:]", "[\"a\":1]",
                "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{\"a\":1 \"b\":2}", "{\"a\"::1}", "{a:1}", "{1:1}", "{null:1}", "{'a':1}", "{[]:1}", "{\"a\":1,,\"b\":1}", "{\"a\":1:2}",
                "tru", "True", "TRUE", "nul", "fals", "falsy", "truE", "nullx", "true1", "undefined", "NaN", "Infinity", "-Infinity",
                "-", "+1", "01", "-01", "00", "1.", ".5", "-.5", "1.e1", "1e", "1e+", "1E-", "1e1.5", "0x10", "1_000", "1a", "--1", "1-", "- 1",
                "\"", "\"a", "'a'", "\"\\", "\"\\\"", "\"\\x\"", "\"\\U0041\"", "\"\\u\"", "\"\\u12\"", "\"\\u123\"", "\"\\u12g4\"", "\"\\u-123\"", "\"\\u 123\"", "\"\\0\"", "\"\\'\"", "\"\\a\"",
                "\"~00\"", "\"~01\"", "\"~1F\"", "\"a\nb\"", "\"a\tb\"", "\"\\\n\"",
                "~EF~BB~BF{}", "~0B1", "~0C1", "~C2~A01", "1~00", "/**/1", "// x\n1", "#",

                // No UTF-8: a tail without a head and the other way round, a form too long, a surrogate, beyond U+10FFFF
                "\"~80\"", "\"~BF\"", "\"~C3\"", "\"~C3x\"", "\"~C3~C3\"", "\"~E2~82\"", "\"~E2x~82\"", "\"~F0~9F~98\"", "\"~F0~9F~98x\"",
                "\"~C0~80\"", "\"~C1~BF\"", "\"~E0~9F~BF\"", "\"~F0~8F~BF~BF\"", "\"~ED~A0~80\"", "\"~ED~BF~BF\"", "\"~F4~90~80~80\"", "\"~F5~80~80~80\"", "\"~F8~88~80~80~80\"", "\"~FE\"", "\"~FF\"",
                "{\"~80\":1}", "[\"\\ud83d\\u\"]",
            };
            for (int i = 0; i < documents.Length; i++)
            {
                JsonReader reader = new JsonReader(Bytes(documents[i]));
                Assert.AreEqual("!", Last(reader), "document " + i.ToString() + ": " + documents[i]);
                Assert.IsNotNull(reader.Problem, "document " + i.ToString());
                Assert.AreEqual((int)JsonTokenType.Error, (int)reader.Read(), "an error stays");
                Assert.IsFalse(reader.Skip());
                if (documents[i].StartsWith("\"") && documents[i].IndexOf("\"\"") < 0)
                {
                    Assert.AreEqual((int)JsonTokenType.Error, (int)new JsonReader(Bytes(documents[i])).Read(), "a string that is none: " + i.ToString());
                }
            }
        }

        [TestMethod]
        public void EveryPrefixOfADocumentIsRefused()
        {
            byte[] whole = Bytes(Everything);
            Assert.AreEqual(".", Last(new JsonReader(whole)));
            for (int length = 0; length < whole.Length; length++)
            {
                byte[] part = new byte[length];
                Array.Copy(whole, 0, part, 0, length);
                Assert.AreEqual("!", Last(new JsonReader(part)), "the first " + length.ToString() + " bytes");
            }
        }

        [TestMethod]
        public void ChangedDocumentsNeitherThrowNorHang()
        {
            byte[] whole = Bytes(Everything);
            uint random = 20260801;
            int accepted = 0;
            int refused = 0;
            for (int round = 0; round < 250; round++)
            {
                byte[] changed = new byte[whole.Length];
                whole.CopyTo(changed, 0);
                for (int changes = (round % 3) + 1; changes > 0; changes--)
                {
                    random = (random * 1664525) + 1013904223;
                    int at = (int)((random >> 8) % (uint)changed.Length);
                    random = (random * 1664525) + 1013904223;
                    byte other = (byte)(random >> 24);
                    changed[at] = round % 2 == 0 ? other : changed[(at + other) % changed.Length];
                }

                JsonReader reader = new JsonReader(changed);
                int tokens = 0;
                for (JsonTokenType token = reader.Read(); token != JsonTokenType.End && token != JsonTokenType.Error; token = reader.Read())
                {
                    if (token == JsonTokenType.Name || token == JsonTokenType.String || token == JsonTokenType.Number)
                    {
                        reader.GetString();
                        reader.Is("a");
                        reader.TryGetInt(out int _);
                    }

                    Assert.IsTrue(++tokens <= changed.Length, "more tokens than bytes");
                }

                accepted += reader.Token == JsonTokenType.End ? 1 : 0;
                refused += reader.Token == JsonTokenType.Error ? 1 : 0;
            }

            Assert.IsTrue(accepted > 10 && refused > 100, accepted.ToString() + " accepted and " + refused.ToString() + " refused");
        }

        [TestMethod]
        public void SkipPassesOverWholeValues()
        {
            JsonReader reader = new JsonReader(Bytes("{\"a\":{\"b\":[1,{\"c\":2}],\"d\":{}},\"e\":[[],[[]]],\"f\":\"g\",\"h\":7}"));
            string names = "";
            reader.Read();
            while (reader.Read() == JsonTokenType.Name)
            {
                names += reader.GetString();
                reader.Read();
                Assert.IsTrue(reader.Skip());
            }

            Assert.AreEqual("aefh", names);
            Assert.AreEqual((int)JsonTokenType.ObjectEnd, (int)reader.Token);
            Assert.AreEqual((int)JsonTokenType.End, (int)reader.Read());
            Assert.AreEqual((int)JsonTokenType.End, (int)reader.Read());
        }

        [TestMethod]
        public void SkipTellsOfWhatIsMalformedInside()
        {
            JsonReader reader = new JsonReader(Bytes("{\"a\":[1,{\"b\":tru}]}"));
            reader.Read();
            reader.Read();
            reader.Read();
            Assert.IsFalse(reader.Skip());
            Assert.IsNotNull(reader.Problem);
        }

        [TestMethod]
        public void AProblemNamesItsByte()
        {
            JsonReader reader = new JsonReader(Bytes("{\"a\":1,}"));
            Last(reader);
            Assert.AreEqual("a member's name is missing (at byte 7)", reader.Problem);
        }

        /// <summary>Bytes of a text in which ~ and two hexadecimal digits stand for a byte.</summary>
        private static byte[] Bytes(string text)
        {
            byte[] utf8 = Encoding.UTF8.GetBytes(text);
            byte[] bytes = new byte[utf8.Length];
            int length = 0;
            for (int i = 0; i < utf8.Length; i++)
            {
                if (utf8[i] == '~')
                {
                    bytes[length++] = (byte)((Digit(utf8[i + 1]) << 4) | Digit(utf8[i + 2]));
                    i += 2;
                }
                else
                {
                    bytes[length++] = utf8[i];
                }
            }

            byte[] exact = new byte[length];
            Array.Copy(bytes, 0, exact, 0, length);
            return exact;
        }

        private static int Digit(int c) => c <= '9' ? c - '0' : c - 'A' + 10;

        private static string Hex(byte[] bytes)
        {
            string hex = "";
            for (int i = 0; i < bytes.Length; i++)
            {
                hex += bytes[i].ToString("X2");
            }

            return hex;
        }

        /// <summary>Reads to the end, and gives . where the text was JSON, ! where not.</summary>
        private static string Last(JsonReader reader)
        {
            while (reader.Read() != JsonTokenType.End && reader.Token != JsonTokenType.Error)
            {
            }

            return reader.Token == JsonTokenType.End ? "." : "!";
        }

        private static string Describe(string document)
        {
            JsonReader reader = new JsonReader(Bytes(document));
            StringBuilder tokens = new StringBuilder();
            while (true)
            {
                switch (reader.Read())
                {
                    case JsonTokenType.ObjectStart:
                        tokens.Append("{ ");
                        break;
                    case JsonTokenType.ObjectEnd:
                        tokens.Append("} ");
                        break;
                    case JsonTokenType.ArrayStart:
                        tokens.Append("[ ");
                        break;
                    case JsonTokenType.ArrayEnd:
                        tokens.Append("] ");
                        break;
                    case JsonTokenType.Name:
                        tokens.Append(reader.GetString()).Append(": ");
                        break;
                    case JsonTokenType.String:
                        tokens.Append('\'').Append(reader.GetString()).Append("' ");
                        break;
                    case JsonTokenType.Number:
                        tokens.Append(reader.GetString()).Append(' ');
                        break;
                    case JsonTokenType.True:
                        tokens.Append("T ");
                        break;
                    case JsonTokenType.False:
                        tokens.Append("F ");
                        break;
                    case JsonTokenType.Null:
                        tokens.Append("N ");
                        break;
                    case JsonTokenType.End:
                        return tokens.Append('.').ToString();
                    default:
                        return tokens.Append('!').ToString();
                }
            }
        }
    }
}
