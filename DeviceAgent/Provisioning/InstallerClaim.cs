using DeviceAgent.Json;
using DeviceAgent.Settings;

namespace DeviceAgent.Provisioning
{
    /// <summary>
    /// What an installer has sent: a claim certificate and its key, as AWS's CreateProvisioningClaim gives them, and maybe a WiFi network.
    /// </summary>
    public sealed class InstallerClaim
    {
        private const string PemStart = "-----BEGIN ";
        private const int LongestPem = 4096;

        /// <summary>The claim certificate: PEM, ended by a zero byte.</summary>
        public byte[] Certificate;

        /// <summary>Its key: PEM, ended by a zero byte.</summary>
        public byte[] Key;

        /// <summary>The WiFi network to join; <see langword="null"/> where none was sent.</summary>
        public string WifiSsid;

        /// <summary>Its password; empty for an open network.</summary>
        public string WifiPassword;

        /// <summary>
        /// Reads a line: <c>certificatePem</c>, <c>keyPair.PrivateKey</c> and maybe <c>wifi</c> with <c>ssid</c> and <c>password</c>, beside the
        /// rest of what CreateProvisioningClaim answers. What is wrong is told without a word of the line itself: it holds secrets.
        /// </summary>
        /// <param name="json">The line; white space may follow it.</param>
        /// <returns><see langword="null"/> where it was whole, else what is wrong with it.</returns>
        public string Read(byte[] json)
        {
            string problem = null;
            JsonReader reader = new JsonReader(json);
            if (reader.Read() == JsonTokenType.ObjectStart)
            {
                while (reader.Read() == JsonTokenType.Name)
                {
                    bool isCertificate = reader.Is("certificatePem");
                    bool isPair = reader.Is("keyPair");
                    bool isWifi = reader.Is("wifi");
                    bool isKnown = isCertificate || isPair || isWifi || reader.Is("certificateId") || reader.Is("expiration");
                    JsonTokenType token = reader.Read();
                    string found = null;
                    if (isCertificate)
                    {
                        Certificate = ReadPem(reader, json);
                    }
                    else if (isPair && token == JsonTokenType.ObjectStart)
                    {
                        found = ReadPair(reader, json);
                    }
                    else if (isWifi && token == JsonTokenType.ObjectStart)
                    {
                        found = ReadWifi(reader);
                    }
                    else
                    {
                        found = !isKnown ? "it has a member that is none of certificatePem, keyPair, wifi, certificateId and expiration"
                            : isPair || isWifi ? "keyPair or wifi is no object" : null;
                        reader.Skip();
                    }

                    problem = problem ?? found;
                }
            }

            if (reader.Token != JsonTokenType.ObjectEnd || reader.Read() != JsonTokenType.End)
            {
                return "it is no JSON object: " + (reader.Problem ?? "it begins with something else");
            }

            return problem != null ? problem
                : Certificate == null ? "certificatePem is missing, or no PEM of at most 4096 bytes"
                : Key == null ? "keyPair.PrivateKey is missing, or no PEM of at most 4096 bytes" : null;
        }

        /// <summary>Overwrites the claim in memory; the strings of the WiFi network can only be let go.</summary>
        public void Forget()
        {
            Zero(Certificate);
            Zero(Key);
            Certificate = null;
            Key = null;
            WifiSsid = null;
            WifiPassword = null;
        }

        /// <summary>Overwrites bytes in memory.</summary>
        /// <param name="bytes">The bytes, or <see langword="null"/>.</param>
        internal static void Zero(byte[] bytes)
        {
            if (bytes != null)
            {
                System.Array.Clear(bytes, 0, bytes.Length);
            }
        }

        private string ReadPair(JsonReader reader, byte[] json)
        {
            string problem = null;
            while (reader.Read() == JsonTokenType.Name)
            {
                bool isKey = reader.Is("PrivateKey");
                bool isKnown = isKey || reader.Is("PublicKey");
                reader.Read();
                if (isKey)
                {
                    Key = ReadPem(reader, json);
                }
                else
                {
                    problem = isKnown ? problem : "keyPair has a member that is neither PrivateKey nor PublicKey";
                    reader.Skip();
                }
            }

            return problem;
        }

        private string ReadWifi(JsonReader reader)
        {
            string problem = null;
            string ssid = null;
            string password = "";
            while (reader.Read() == JsonTokenType.Name)
            {
                bool isSsid = reader.Is("ssid");
                bool isPassword = reader.Is("password");
                string text = reader.Read() == JsonTokenType.String && !reader.HasNul ? reader.GetString() : null;
                int length = text == null ? 0 : reader.DecodedLength;
                reader.Skip();
                if (isSsid)
                {
                    ssid = text != null && length > 0 && length <= AgentSettings.LongestSsid ? text : null;
                }
                else if (isPassword)
                {
                    password = text != null && length <= AgentSettings.LongestPassword ? text : null;
                }
                else
                {
                    problem = "wifi has a member that is neither ssid nor password";
                }
            }

            WifiSsid = ssid;
            WifiPassword = password;
            return problem != null ? problem
                : ssid == null ? "wifi.ssid is missing, or not a string of 1 to 31 bytes"
                : password == null ? "wifi.password is not a string of at most 63 bytes" : null;
        }

        /// <summary>The PEM text that the reader stands on, with a zero byte after it; <see langword="null"/> where it stands on none.</summary>
        private static byte[] ReadPem(JsonReader reader, byte[] json)
        {
            if (reader.Token != JsonTokenType.String || reader.HasNul || reader.DecodedLength > LongestPem || reader.DecodedLength < PemStart.Length)
            {
                reader.Skip();
                return null;
            }

            byte[] pem = new byte[reader.DecodedLength + 1];
            JsonReader.Decode(json, reader.Start, reader.RawLength, pem, 0);
            for (int i = 0; i < PemStart.Length; i++)
            {
                if (pem[i] != PemStart[i])
                {
                    Zero(pem);
                    return null;
                }
            }

            return pem;
        }
    }
}
