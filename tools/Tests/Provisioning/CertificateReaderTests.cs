using System;
using DeviceAgent.Crypto;
using DeviceAgent.Identity;
using nanoFramework.TestFramework;

namespace DeviceAgent.Tests.Provisioning
{
    /// <summary>The certificates were made by OpenSSL, and what is expected of them was told by OpenSSL.</summary>
    [TestClass]
    public class CertificateReaderTests
    {
        internal const string Begin = "-----BEGIN CERTIFICATE-----\n";
        internal const string End = "-----END CERTIFICATE-----\n";

        // P-256, CN after C and O, UTF8String; UTCTime
        internal const string Curve = "MIIBVzCB/wIIHy49TFtqeYgwCgYIKoZIzj0EAwIwNTELMAkGA1UEBhMCSlAxDTAL\n"
            + "BgNVBAoMBHNtcGwxFzAVBgNVBAMMDmJvYXJkLTAxOkFCX2NkMB4XDTI2MDEwMjAz\n"
            + "MDQwNVoXDTQ5MTIzMTIzNTk1OVowNTELMAkGA1UEBhMCSlAxDTALBgNVBAoMBHNt\n"
            + "cGwxFzAVBgNVBAMMDmJvYXJkLTAxOkFCX2NkMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
            + "AQcDQgAEvlCglKIjRVvMlS0NKsX9XOaDV8OfF7mrC7vwZqA5vF2RTOCF7nXHpIIu\n"
            + "ML1PcU7UVDsWg8QA0LMcdyIzUwUKNDAKBggqhkjOPQQDAgNHADBEAiBYJEnZ3OfA\n"
            + "tDG063AOn0oDMocLW6h8XE2X5cC/v+9dfwIgAkf/M9rrPo7oEVcgASx7irhxNALU\n"
            + "pWTuX0iGEqPVVuw=\n";

        // RSA 2048, CN as PrintableString; UTCTime of a leap day to GeneralizedTime
        private const string Rsa = "MIICqzCCAZMCCB8uPUxbanmIMA0GCSqGSIb3DQEBCwUAMBcxFTATBgNVBAMTDDRD\n"
            + "NzUyNUExQjJDMzAgFw0yNDAyMjkyMzU5NTlaGA8yMDUwMDEwMTAwMDAwMFowFzEV\n"
            + "MBMGA1UEAxMMNEM3NTI1QTFCMkMzMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIB\n"
            + "CgKCAQEAs+uqyeKvIBeMeLVv8u9svOHwnv3fJXYoyC+OC8gDSveagZY0M2TG/rIJ\n"
            + "R4nfWYXajetAVS2a3BTvPb5BwwH1P/WIF6ERCI4xMRlisU42aj+fdXn4cqHmTJ5n\n"
            + "GjBDNLlQvfaLnazEUBc244q27RznlyrZEBsCVO+2P5oRCdx5afUKYipo6WL710in\n"
            + "bA46oWV/x2GEFDOCu3yTtytIeW8NYu25DHMkdIgSy3YO+mqBjW6wyYVi+g64ixnU\n"
            + "zJl/le1vPSazBFL9vQ1ZKp1/iLRiIuWLqAFoj2D2HUVDgpCrGA1ytnD5RBVWxXHd\n"
            + "2E4GL0mB8fYhIupnj+9ycGgwu2er9QIDAQABMA0GCSqGSIb3DQEBCwUAA4IBAQCJ\n"
            + "XXdl5vsQp2sGupFOTiJAGPPrl8StP0RVKomNat+sox+AGw7LBppsLmGuK9AmFj56\n"
            + "IUfiQWQZyQCCbLGLbxGaP0D2AQVvtkE2VGDy4lakuE7AglvV+7q056xyq/uwhyqI\n"
            + "YqzpnJpkyCWD5R9qPwSRmByeuwvY62gDigjjop2/rKO/R+A3RfXUydTrrmrK2An0\n"
            + "y/8irL1xN+F7Y4elIXwsIuFOI9pojs7L4N/RHsKtH8I/ztaBztEsLH/xWJ5S9pvH\n"
            + "SxUJ2SiR8JGujU+XaGYawNef1sF/0ERCpjmnaT+PdqH4ErS08/3M0++LQVgWp47A\n"
            + "NuMPhus9q9y9sMoOgKSF\n";

        // two common names; GeneralizedTime to the end of time
        private const string Late = "MIIBSzCB8wIIHy49TFtqeYgwCgYIKoZIzj0EAwIwLTEOMAwGA1UEAxMFZmlyc3Qx\n"
            + "CjAIBgNVBAsTAXgxDzANBgNVBAMTBnNlY29uZDAiGA8yMDUwMDIyODEyMDAwMFoY\n"
            + "Dzk5OTkxMjMxMjM1OTU5WjAtMQ4wDAYDVQQDEwVmaXJzdDEKMAgGA1UECxMBeDEP\n"
            + "MA0GA1UEAxMGc2Vjb25kMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEv6otxIFJ\n"
            + "Iryp0asnWu1WEiarUXegQ6yKIy6o4xV5wCJW+YULzd0Ko9Wl9gJTaL3bdZPho65b\n"
            + "S1bKQ2BqK+gmeTAKBggqhkjOPQQDAgNHADBEAiBTe6YXIHJp58GYH5I7fMz8f9a2\n"
            + "Rqj5k9+ljevwSHYmCgIgUAyVmCOsLxKyeuDx3oPWBftKR4YcI0QgoRHLQMIW3c4=\n";

        // CN in one part of the name with serialNumber; UTCTime of the last century
        internal const string Multiple = "MIIBSTCB8QIIHy49TFtqeYgwCgYIKoZIzj0EAwIwLjENMAsGA1UECgwEc21wbDEd\n"
            + "MAsGA1UEBRMEMDA0MjAOBgNVBAMMB3ByZXNzLTcwHhcNOTkxMjMxMjM1OTU5WhcN\n"
            + "MDAwMTAxMDAwMDAwWjAuMQ0wCwYDVQQKDARzbXBsMR0wCwYDVQQFEwQwMDQyMA4G\n"
            + "A1UEAwwHcHJlc3MtNzBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABMeB9N5f7nXE\n"
            + "plSOduowqCzG/wVdPqWfVQcGzzzhvz6t4xFwQbTABtIviaft4d5XlgKqToMbhDHj\n"
            + "n0X+1CIXgIgwCgYIKoZIzj0EAwIDRwAwRAIgeLx5HS4EXLDQQFWHcSwGKvZ8rKJx\n"
            + "uS+651GMn6XJ0PQCIEFbkCUwfJDlyPw7/iih6D5XHs3c3AGh3A5/6f9nzmkP\n";

        // an organizational unit "CN", and no common name
        internal const string Nameless = "MIIBJTCBzQIIHy49TFtqeYgwCgYIKoZIzj0EAwIwHDENMAsGA1UECgwEc21wbDEL\n"
            + "MAkGA1UECwwCQ04wHhcNMjYwMTAyMDMwNDA1WhcNMzYwMTAyMDMwNDA1WjAcMQ0w\n"
            + "CwYDVQQKDARzbXBsMQswCQYDVQQLDAJDTjBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
            + "A0IABNA4j04iL5b3w05SEpKqbIll4Q7gO/wLV8ckDBnNoBlONLDqCSBRAXwBeXkt\n"
            + "dvFW/L6jkvcbq8AAyR72yRAMREowCgYIKoZIzj0EAwIDRwAwRAIgaMt+Kqe5WLny\n"
            + "9KVRqx409VToFQP/CN/Kp7EYhKfyHS0CIBV0upEu08XmGT8HEjHka4YQ6Q/ZyuCZ\n"
            + "wxNWE4izLoUh\n";

        [TestMethod]
        public void ACertificateGivesItsNameItsTimesAndItsId()
        {
            Check(Curve, "board-01:AB_cd", 1767323045, 2524607999, "9ad8410540488445794ff53d45dc2200e311cca0c910de0a88f5e917165e5f5d");
            Check(Rsa, "4C7525A1B2C3", 1709251199, 2524608000, "0f72b3b00fb255e1badfda892ea1e649833f10195d2a0839175681c684ac6237");
            Check(Multiple, "press-7", 946684799, 946684800, "1f668e755a25797ac278e370a54d7fddc5df5d96044ef05bd5b62edef162d894");
        }

        [TestMethod]
        public void OfSeveralCommonNamesTheFirstCounts() => Check(Late, "first", 2529662400, 253402300799, "29f5b16b0716c7dccfb0d41ef8633eeedb0229bfd4f3de72a2c99447b7abcf18");

        [TestMethod]
        public void ACertificateMayHaveNoCommonName() => Check(Nameless, null, 1767323045, 2082855845, "0cf6dffa51fbc1dd038de3e36cf29092c3360f643e769474120a960f83a26783");

        [TestMethod]
        public void WhateverStandsAroundTheFirstCertificateIsPassedOver()
        {
            Name("board-01:AB_cd", Begin + Curve + End + "\0");
            Name("board-01:AB_cd", Begin + Curve + "-----END CERTIFICATE-----");
            Name("board-01:AB_cd", "Certificate:\r\n    Subject: CN = x\n-----BEGIN\n----" + Begin + Curve + End);
            Name("board-01:AB_cd", Begin + Curve + End + Begin + Rsa + End);
            Name("board-01:AB_cd", "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + Begin + Curve + End);
        }

        [TestMethod]
        public void LinesMayEndInAnyWay()
        {
            string spread = "";
            string packed = "";
            for (int i = 0; i < Curve.Length; i++)
            {
                spread += Curve[i] == '\n' ? " \t\r\n" : Curve[i].ToString();
                packed += Curve[i] == '\n' ? "" : Curve[i].ToString();
            }

            Name("board-01:AB_cd", "-----BEGIN CERTIFICATE-----\r\n" + spread + "-----END CERTIFICATE-----\r\n");
            Name("board-01:AB_cd", "-----BEGIN CERTIFICATE-----" + packed + "-----END CERTIFICATE-----");
        }

        [TestMethod]
        public void WhatIsNoPemIsNoCertificate()
        {
            Assert.IsNull(CertificateReader.Read(null));
            Assert.IsNull(CertificateReader.Read(new byte[0]));
            Refuse("");
            Refuse("\0");
            Refuse(Begin);
            Refuse(Begin + End);
            Refuse(End + Curve + Begin);
            Refuse("-----BEGIN CERTIFICATE REQUEST-----\n" + Curve + "-----END CERTIFICATE REQUEST-----\n");
            Refuse(Begin + Curve);
            Refuse(Begin + "=" + Curve.Substring(1) + End);
            Refuse(Begin + Curve.Substring(0, 40) + "%" + Curve.Substring(41) + End);
            Refuse(Begin + Curve.Substring(0, 40) + "\0" + Curve.Substring(41) + End);
            Refuse(Begin + Curve.Substring(1) + End);
            Refuse(Begin + "AAAA" + Curve + End);
            Refuse(Begin + "====" + End);
            Refuse(Begin + "A===" + End);
            Refuse(Begin + "AAAA" + End);
        }

        [TestMethod]
        public void ACertificateThatIsCutOffAnywhereIsNone()
        {
            byte[] whole = Ascii(Begin + Curve + "-----END CERTIFICATE-----");
            byte[] der = Der(Curve);
            for (int i = 0; i < whole.Length; i++)
            {
                byte[] part = new byte[i];
                Array.Copy(whole, 0, part, 0, i);
                Assert.IsNull(CertificateReader.Read(part), i.ToString());
                if (i < der.Length)
                {
                    part = new byte[i];
                    Array.Copy(der, 0, part, 0, i);
                    Assert.IsNull(CertificateReader.Read(Pem.Encode("CERTIFICATE", part)), i.ToString());
                }
            }
        }

        [TestMethod]
        public void ACertificateWithAByteTooManyIsNone()
        {
            byte[] der = Der(Curve);
            byte[] longer = new byte[der.Length + 1];
            der.CopyTo(longer, 0);
            Assert.IsNull(CertificateReader.Read(Pem.Encode("CERTIFICATE", longer)));

            // within the outermost element, after the signature
            longer[3]++;
            Assert.IsNull(CertificateReader.Read(Pem.Encode("CERTIFICATE", longer)));
        }

        [TestMethod]
        public void ADamagedByteNeverThrows()
        {
            byte[] der = Der(Multiple);
            int read = 0;
            for (int i = 0; i < der.Length; i++)
            {
                byte before = der[i];
                der[i] = (byte)(i % 4 == 0 ? 0xFF : i % 4 == 1 ? before ^ 0x80 : i % 4 == 2 ? 0x80 : before + 1);
                CertificateReader reader = CertificateReader.Read(Pem.Encode("CERTIFICATE", der));
                read += reader == null ? 0 : 1;
                der[i] = before;
            }

            Assert.IsTrue(read > 50 && read < der.Length - 50, read.ToString()); // keys and signatures are not looked at, lengths and tags are
        }

        [TestMethod]
        public void LengthsAreInAsFewBytesAsTheyTake()
        {
            Assert.IsNotNull(Outer(0x30, 0x82, 0, 0));
            Assert.IsNull(Outer(0x30, 0x83, 0, 0));
            Assert.IsNull(Outer(0x30, 0x80, 0, 0));
            Assert.IsNull(Outer(0x30, 0xFF, 0, 0));
            Assert.IsNull(Outer(0x30, 0x82, 0xFF, 0));
            Assert.IsNull(Outer(0x31, 0x82, 0, 0));
            Assert.IsNull(CertificateReader.Read(Pem.Encode("CERTIFICATE", new byte[] { 0x30, 0x81, 0x02, 0x30, 0x00 })));
        }

        [TestMethod]
        public void TimesThatCannotBeAreNone()
        {
            Assert.AreEqual(1772323445L, Changed("260102030405Z", "260301000405Z").NotBefore);
            Assert.AreEqual(-631152000L, Changed("491231235959Z", "500101000000Z").NotAfter); // a UTCTime begins in 1950
            string[] times = new string[] { "260002030405Z", "261302030405Z", "260100030405Z", "260132030405Z", "260431030405Z", "260229030405Z", "260102240405Z", "260102036005Z", "260102030460Z", "2601020304051", "26010203040aZ", "/60102030405Z" };
            for (int i = 0; i < times.Length; i++)
            {
                Assert.IsNull(Changed("260102030405Z", times[i]), times[i]);
            }

            Assert.AreEqual(1835406245L, Changed("260102030405Z", "280229030405Z").NotBefore);
        }

        [TestMethod]
        public void CommonNamesOfEveryKindAreFitForTheLog()
        {
            Assert.AreEqual("board-01?AB?cd", Changed("board-01:AB_cd", "board-01\nAB\u007Fcd").CommonName);
            Assert.AreEqual("b?rd-01:AB_cd", Changed("board-01:AB_cd", "b\u00C3\u00A5rd-01:AB_cd").CommonName);
            Assert.AreEqual("board-01:AB??", Changed("board-01:AB_cd", "board-01:AB\u00FF\u0080\u00FF").CommonName);
            int[] tags = new int[] { 0x0C, 0x12, 0x13, 0x14, 0x16, 0x1A };
            for (int i = 0; i < tags.Length; i++)
            {
                Assert.AreEqual("board-01:AB_cd", Tagged(tags[i]).CommonName, tags[i].ToString());
            }

            Assert.AreEqual("???????", Tagged(0x1E).CommonName);
            byte[] wide = new byte[] { 0, (byte)'A', 0, (byte)'b', 0x30, 0x42, 0, 0, 0, (byte)'1', 0, (byte)'-', 0, (byte)':' };
            Assert.AreEqual("Ab??1-:", CertificateReader.Read(Pem.Encode("CERTIFICATE", Put(Der(Curve), "board-01:AB_cd", wide, 0x1E))).CommonName);
            Assert.IsNull(Tagged(0x1C).CommonName);
            Assert.IsNull(Tagged(0x30).CommonName);
        }

        private static void Check(string body, string name, long notBefore, long notAfter, string id)
        {
            CertificateReader reader = CertificateReader.Read(Ascii(Begin + body + End));
            Assert.IsNotNull(reader);
            Assert.AreEqual(name, reader.CommonName);
            Assert.AreEqual(notBefore, reader.NotBefore);
            Assert.AreEqual(notAfter, reader.NotAfter);
            Assert.AreEqual(id, reader.GetId());
        }

        private static void Name(string name, string pem)
        {
            CertificateReader reader = CertificateReader.Read(Ascii(pem));
            Assert.IsNotNull(reader, pem);
            Assert.AreEqual(name, reader.CommonName);
        }

        private static void Refuse(string pem) => Assert.IsNull(CertificateReader.Read(Ascii(pem)), pem);

        /// <summary>A certificate whose first bytes are others; 0 leaves a byte as it is.</summary>
        private static CertificateReader Outer(int tag, int first, int second, int third)
        {
            byte[] der = Der(Curve);
            der[0] = (byte)tag;
            der[1] = (byte)first;
            der[2] = second == 0 ? der[2] : (byte)second;
            der[3] = third == 0 ? der[3] : (byte)third;
            return CertificateReader.Read(Pem.Encode("CERTIFICATE", der));
        }

        /// <summary>A certificate with another text in its validity or subject, a byte a character.</summary>
        private static CertificateReader Changed(string text, string other) => Changed(text, other, -1);

        private static CertificateReader Changed(string text, string other, int tag) => CertificateReader.Read(Pem.Encode("CERTIFICATE", Put(Der(Curve), text, Ascii(other), tag)));

        private static CertificateReader Tagged(int tag) => Changed("board-01:AB_cd", "board-01:AB_cd", tag);

        /// <summary>Overwrites each place where a text stands, the issuer's and the subject's name alike.</summary>
        private static byte[] Put(byte[] der, string text, byte[] other, int tag)
        {
            Assert.AreEqual(text.Length, other.Length);
            for (int i = 2; i <= der.Length - text.Length; i++)
            {
                int same = 0;
                while (same < text.Length && der[i + same] == text[same])
                {
                    same++;
                }

                if (same == text.Length)
                {
                    other.CopyTo(der, i);
                    der[i - 2] = tag < 0 ? der[i - 2] : (byte)tag;
                }
            }

            return der;
        }

        private static byte[] Der(string body)
        {
            string packed = "";
            int start = 0;
            while (start < body.Length)
            {
                int end = body.IndexOf('\n', start);
                packed += body.Substring(start, end - start);
                start = end + 1;
            }

            return Convert.FromBase64String(packed);
        }

        private static byte[] Ascii(string text)
        {
            byte[] bytes = new byte[text.Length];
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] = (byte)text[i];
            }

            return bytes;
        }
    }
}
