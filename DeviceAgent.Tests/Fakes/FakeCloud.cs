using System;
using System.Collections;
using System.Text;
using DeviceAgent.Provisioning;
using nanoFramework.M2Mqtt.Messages;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>
    /// A broker with the Fleet Provisioning API behind it, in memory. What goes wrong is ordered by <see cref="Next"/> and <see cref="Always"/>:
    /// for one of its steps <c>CONNECT</c> (or <c>CONNECT host</c>), <c>SUBSCRIBE</c>, <c>CreateKeys</c>, <c>CreateFromCsr</c>, <c>RegisterThing</c>, <c>PUBLISH</c>, one of
    /// <list type="bullet">
    /// <item><c>ok</c>: nothing;</item>
    /// <item><c>close</c>: the connection is closed, the request not carried out; <c>cut</c>: it is closed, and the request is carried out;</item>
    /// <item><c>silence</c>: no answer, the request not carried out; <c>lose</c>: no answer, and it is; <c>late</c>: the answer comes after 40 s;</item>
    /// <item><c>refuse</c>: a SUBACK that grants nothing;</item>
    /// <item><c>foreign</c>: a message for somebody else comes first;</item>
    /// <item>a number: an error of the TLS or socket layer; <c>code 5</c>: a CONNACK; <c>code+close 5</c>: a CONNACK and the connection's end;</item>
    /// <item><c>rejected …</c>, <c>accepted …</c>: that payload on that topic; <c>answered …</c>: carried out, and that payload in place of the answer, with # for the certificate's number;</item>
    /// <item><c>large accepted</c>, <c>large rejected</c>: 10,241 bytes on that topic.</item>
    /// </list>
    /// </summary>
    public sealed class FakeCloud
    {
        private const int Latency = 20;
        private const int TokenLife = 60 * 60 * 1000;

        private readonly VirtualClock _clock;
        private readonly Trace _trace;
        private readonly Hashtable _next = new Hashtable();
        private readonly Hashtable _always = new Hashtable();
        private readonly Hashtable _connects = new Hashtable();
        private readonly ArrayList _certificates = new ArrayList();
        private readonly ArrayList _publicKeys = new ArrayList();
        private readonly ArrayList _topics = new ArrayList();
        private readonly ArrayList _hosts = new ArrayList();
        private readonly ArrayList _payloads = new ArrayList();

        /// <summary>Makes a cloud that accepts everything right.</summary>
        public FakeCloud(VirtualClock clock, Trace trace)
        {
            _clock = clock;
            _trace = trace;
        }

        /// <summary>The certificates issued: each a <see cref="FakeCertificate"/>.</summary>
        public ArrayList Certificates => _certificates;

        /// <summary>The public keys that certificates were asked for with, each once: base 64 of their coordinates.</summary>
        public ArrayList PublicKeys => _publicKeys;

        /// <summary>Topics of what was published with QoS 1 and received, the last <see cref="Kept"/>.</summary>
        public ArrayList Topics => _topics;

        /// <summary>The payloads to <see cref="Topics"/>, as text.</summary>
        public ArrayList Payloads => _payloads;

        /// <summary>How many messages are kept.</summary>
        public int Kept { get; set; } = 12;

        /// <summary>Messages received with QoS 1, those sent again among them.</summary>
        public int Received { get; private set; }

        /// <summary>The payload of the last request of the provisioning API.</summary>
        public string LastRequest { get; private set; }

        /// <summary>The lowest quality of service that the last SUBSCRIBE asked for.</summary>
        public int LowestQos { get; private set; }

        /// <summary>Connections that ended with a DISCONNECT.</summary>
        public int Goodbyes { get; private set; }

        /// <summary>CONNECTs within a second of the last with the same client id; they are refused.</summary>
        public int Hasty { get; private set; }

        /// <summary>What comes before the parameter in the name that a thing gets.</summary>
        public string ThingPrefix { get; set; } = "";

        /// <summary>The parameter that a thing is called after.</summary>
        public string NameParameter { get; set; } = "ThingName";

        /// <summary>The hosts that were connected to, the last 40.</summary>
        public ArrayList Hosts => _hosts;

        /// <summary>The members of <c>deviceConfiguration</c>, as JSON.</summary>
        public string Configuration { get; set; } = "";

        /// <summary>Whether the claim certificate is in force.</summary>
        public bool IsClaimActive { get; set; } = true;

        /// <summary>Whether the policy of the certificates that are issued allows no provisioning: such a request ends the connection.</summary>
        public bool IsProvisioningDenied { get; set; }

        /// <summary>What stands in a certificate that is issued after its name: a real one, in JSON.</summary>
        public string Pem { get; set; } = "";

        /// <summary>The error number of a handshake whose certificate is turned away.</summary>
        public int Refusal { get; set; } = -80;

        /// <summary>Whether a registration with a token that was used is refused.</summary>
        public bool RefusesRepeats { get; set; }

        /// <summary>Whether acknowledgements come before <c>Publish</c> returns.</summary>
        public bool IsFast { get; set; }

        /// <summary>How long an answer of the provisioning API takes, in milliseconds.</summary>
        public int AnswerTime { get; set; } = 300;

        /// <summary>Characters that a certificate, a key and a token are made longer by: 0, or about what AWS's have.</summary>
        public int Padding { get; set; }

        /// <summary>Active certificates of a thing.</summary>
        public int ActiveOf(string thing)
        {
            int count = 0;
            foreach (FakeCertificate certificate in _certificates)
            {
                count += certificate.IsActive && certificate.ThingName == thing ? 1 : 0;
            }

            return count;
        }

        /// <summary>What is to go wrong at a step next; may be called several times for the times after.</summary>
        public void Next(string step, string what)
        {
            ArrayList queue = (ArrayList)_next[step];
            if (queue == null)
            {
                queue = new ArrayList();
                _next[step] = queue;
            }

            queue.Add(what);
        }

        /// <summary>What is to go wrong at a step whenever nothing was ordered by <see cref="Next"/>.</summary>
        public void Always(string step, string what) => _always[step] = what;

        /// <summary>Sends a message to a client that has subscribed to its topic.</summary>
        public void Send(FakeMqttClient client, string topic, byte[] payload, bool isRetained)
        {
            if (client.Filters.Contains(topic))
            {
                _clock.After(Latency, () => client.Receive(topic, payload, isRetained));
            }
        }

        /// <summary>Closes a connection.</summary>
        public void Close(FakeMqttClient client) => client.Lose();

        /// <summary>A CONNECT: gives the CONNACK's code, with 256 added where the connection ends at once; or throws.</summary>
        internal int Connect(FakeMqttClient client)
        {
            _trace.Add("CONNECT " + client.Certificate.Substring(0, 6) + " as " + client.ClientId);
            if (_hosts.Count == 40)
            {
                _hosts.RemoveAt(0);
            }

            _hosts.Add(client.Host);
            _clock.Pass(150);
            string what = What("CONNECT " + client.Host);
            what = what == "ok" ? What("CONNECT") : what;
            if (what == "silence")
            {
                _clock.Pass(30000);
                throw new FakeConnectException(0);
            }

            if (what == "close")
            {
                throw new FakeConnectException(0);
            }

            if (Text.Begins(what, "code"))
            {
                return int.Parse(what.Substring(what.Length - 1)) + (Text.Begins(what, "code+") ? 256 : 0);
            }

            if (what != "ok")
            {
                throw new FakeConnectException(int.Parse(what));
            }

            CheckCertificate(client);
            bool isHasty = _connects.Contains(client.ClientId) && _clock.World - (long)_connects[client.ClientId] < 1000;
            _connects[client.ClientId] = _clock.World;
            if (isHasty)
            {
                Hasty++;
                throw new FakeConnectException(0);
            }

            return 0;
        }

        internal void Disconnected(FakeMqttClient client)
        {
            Goodbyes++;
            _trace.Add("DISCONNECT " + client.Certificate.Substring(0, 6));
        }

        internal void Subscribe(FakeMqttClient client, ushort id, string[] topics, MqttQoSLevel[] levels)
        {
            _trace.Add("SUBSCRIBE " + topics.Length.ToString());
            LowestQos = 2;
            for (int i = 0; i < levels.Length; i++)
            {
                LowestQos = (int)levels[i] < LowestQos ? (int)levels[i] : LowestQos;
            }

            string what = What("SUBSCRIBE");
            if (what == "close" || (topics[0][0] == '$' && IsDenied(client)))
            {
                client.Lose();
            }
            else if (what != "silence")
            {
                MqttQoSLevel[] granted = new MqttQoSLevel[topics.Length];
                for (int i = 0; i < topics.Length; i++)
                {
                    granted[i] = what == "refuse" && i == topics.Length - 1 ? MqttQoSLevel.GrantedFailure : levels[i];
                    if (granted[i] != MqttQoSLevel.GrantedFailure)
                    {
                        client.Filters.Add(topics[i]);
                    }
                }

                _clock.After(Latency, () => client.Grant(id, granted));
            }
        }

        internal void Publish(FakeMqttClient client, ushort id, string topic, byte[] payload)
        {
            bool isCsr = topic == ProvisioningTopics.CreateFromCsr;
            bool isCreate = isCsr || topic == ProvisioningTopics.CreateKeys;
            bool isRegister = Text.Begins(topic, "$aws/provisioning-templates/");
            string step = isCsr ? "CreateFromCsr" : isCreate ? "CreateKeys" : isRegister ? "RegisterThing" : "PUBLISH";
            if (id == 0)
            {
                _trace.Add(step + " QoS 0");
            }

            string csr = isCsr ? (string)FlatJson.Parse(payload)["certificateSigningRequest"] : null;
            if (isCsr && !_publicKeys.Contains(PublicKeyOf(csr)))
            {
                _publicKeys.Add(PublicKeyOf(csr));
            }

            string what = What(step);
            if (what == "close" || ((isCreate || isRegister) && IsDenied(client)))
            {
                client.Lose();
                return;
            }

            if (what == "silence")
            {
                return;
            }

            if (isCreate || isRegister)
            {
                LastRequest = Encoding.UTF8.GetString(payload, 0, payload.Length);
                Answer(client, topic, what, isCreate ? Create(what, csr) : Register(what));
                return;
            }

            Keep(topic, payload);
            if (what == "late")
            {
                _clock.After(1500, () => client.Acknowledge(id, false));
            }
            else if (what != "lose" && id > 0)
            {
                client.Acknowledge(id, IsFast);
            }

            if (what == "cut")
            {
                client.Lose();
            }
        }

        private bool IsDenied(FakeMqttClient client) => IsProvisioningDenied && Tail(client.Certificate, 5) != "claim";

        private void Keep(string topic, byte[] payload)
        {
            Received++;
            if (_topics.Count == Kept)
            {
                _topics.RemoveAt(0);
                _payloads.RemoveAt(0);
            }

            _topics.Add(topic);
            _payloads.Add(Encoding.UTF8.GetString(payload, 0, payload.Length));
        }

        /// <summary>Sends an answer: <c>accepted …</c> or <c>rejected …</c>.</summary>
        private void Answer(FakeMqttClient client, string request, string what, string answer)
        {
            if (what == "lose")
            {
                return;
            }

            if (what == "cut")
            {
                client.Lose();
                return;
            }

            if (what == "foreign")
            {
                string other = Text.Begins(request, "$aws/certificates/") ? ProvisioningTopics.Register("the-template") : ProvisioningTopics.CreateKeys;
                Send(client, other + ProvisioningTopics.Rejected, Encoding.UTF8.GetBytes("{\"statusCode\":403}"), false);
            }

            bool isLarge = Text.Begins(what, "large");
            string topic = request + "/" + (isLarge ? what.Substring(6) : answer.Substring(0, 8));
            byte[] payload = isLarge ? new byte[10241] : Encoding.UTF8.GetBytes(answer.Substring(9));
            _clock.After(what == "late" ? 40000 : AnswerTime, () => Send(client, topic, payload, false));
        }

        private string Create(string what, string csr)
        {
            if (Text.Begins(what, "rejected") || Text.Begins(what, "accepted"))
            {
                return what;
            }

            FakeCertificate certificate = new FakeCertificate();
            certificate.Number = _certificates.Count + 1;
            certificate.IssuedAt = _clock.World;
            _certificates.Add(certificate);
            string n = certificate.Number.ToString();
            if (Text.Begins(what, "answered"))
            {
                return "accepted " + Fill(what.Substring(9), n);
            }

            if (csr != null)
            {
                // What stands for the certificate holds all of the request, and so its public key
                certificate.PublicKey = PublicKeyOf(csr);
                return "accepted {\"certificateOwnershipToken\":\"TOKEN-" + n + new string('t', Padding)
                    + "\",\"certificateId\":\"id-" + n
                    + "\",\"certificatePem\":\"-----BEGIN CERT-" + n + "\\n" + Body(csr) + "\\n-----END CERT-" + n + Lines(Padding) + "\"}";
            }

            return "accepted {\"certificateId\":\"id-" + n
                + "\",\"certificatePem\":\"-----BEGIN CERT-" + n + Pem + Lines(Padding * 3)
                + "\",\"privateKey\":\"-----BEGIN KEY-" + n + Lines(Padding * 4)
                + "\",\"certificateOwnershipToken\":\"TOKEN-" + n + new string('t', Padding) + "\"}";
        }

        private string Register(string what)
        {
            if (Text.Begins(what, "rejected") || Text.Begins(what, "accepted"))
            {
                return what;
            }

            Hashtable request = FlatJson.Parse(LastRequest);
            FakeCertificate certificate = Owned((string)request["certificateOwnershipToken"]);
            if (certificate == null)
            {
                return "rejected {\"statusCode\":400,\"errorCode\":\"InvalidCertificateOwnershipToken\",\"errorMessage\":\"The token is not valid.\"}";
            }

            certificate.ThingName = ThingPrefix + request["parameters." + NameParameter];
            certificate.IsActive = true;
            certificate.Registrations++;
            return Text.Begins(what, "answered") ? "accepted " + what.Substring(9)
                : "accepted {\"deviceConfiguration\":{" + Configuration + "},\"thingName\":\"" + certificate.ThingName + "\"}";
        }

        private FakeCertificate Owned(string token)
        {
            foreach (FakeCertificate certificate in _certificates)
            {
                bool isIts = token == "TOKEN-" + certificate.Number.ToString() + new string('t', Padding);
                if (isIts && _clock.World - certificate.IssuedAt < TokenLife && !(RefusesRepeats && certificate.Registrations > 0))
                {
                    return certificate;
                }
            }

            return null;
        }

        private void CheckCertificate(FakeMqttClient client)
        {
            string name = Tail(client.Certificate, 5);
            string publicKey = name == "claim" ? null : ((FakeCertificate)_certificates[int.Parse(name) - 1]).PublicKey;
            if (publicKey != null ? !Text.Begins(client.Key, "EC PRIVATE KEY-") || publicKey != PublicKeyOf("-----BEGIN " + client.Key) : name != Tail(client.Key, 4))
            {
                throw new FakeConnectException(-30592);
            }

            if (name == "claim")
            {
                if (!IsClaimActive)
                {
                    throw new FakeConnectException(Refusal);
                }

                return;
            }

            FakeCertificate certificate = (FakeCertificate)_certificates[int.Parse(name) - 1];
            if (!certificate.IsActive)
            {
                certificate.IsActive = certificate.Drops > 0 && --certificate.Drops == 0;
                throw new FakeConnectException(Refusal);
            }

            if (certificate.ThingName != client.ClientId)
            {
                throw new FakeConnectException(0);
            }
        }

        private string What(string step)
        {
            ArrayList queue = (ArrayList)_next[step];
            if (queue != null && queue.Count > 0)
            {
                string what = (string)queue[0];
                queue.RemoveAt(0);
                return what;
            }

            return (string)_always[step] ?? "ok";
        }

        /// <summary>A PEM text's name: what stands after its beginning, up to the first line's end.</summary>
        private static string Tail(string pem, int beginning)
        {
            int end = pem.IndexOf('\n');
            return end < 0 ? pem.Substring(beginning) : pem.Substring(beginning, end - beginning);
        }

        /// <summary>What stands in a PEM text's lines, without their ends.</summary>
        private static string Body(string pem)
        {
            StringBuilder body = new StringBuilder();
            int start = pem.IndexOf('\n') + 1;
            while (start > 0 && start < pem.Length && pem[start] != '-')
            {
                int end = pem.IndexOf('\n', start);
                body.Append(pem.Substring(start, end - start));
                start = end + 1;
            }

            return body.ToString();
        }

        /// <summary>The public key in a request for a certificate, or in a private key: the coordinates of a point of P-256, in base 64.</summary>
        private static string PublicKeyOf(string pem)
        {
            byte[] der = Convert.FromBase64String(Body(pem));
            for (int at = 0; at < der.Length - 67; at++)
            {
                if (der[at] == 3 && der[at + 1] == 0x42 && der[at + 2] == 0 && der[at + 3] == 4) // BIT STRING, no bits unused, uncompressed
                {
                    return Convert.ToBase64String(der, at + 4, 64);
                }
            }

            throw new ArgumentException("no public key");
        }

        private static string Fill(string text, string number)
        {
            int at;
            while ((at = text.IndexOf('#')) >= 0)
            {
                text = text.Substring(0, at) + number + text.Substring(at + 1);
            }

            return text;
        }

        /// <summary>About as many characters, in lines of 64 with escaped ends, as PEM stands in JSON.</summary>
        private static string Lines(int characters)
        {
            StringBuilder lines = new StringBuilder();
            for (int i = 0; i < characters; i += 65)
            {
                lines.Append("\\n").Append(new string('x', 64));
            }

            return lines.ToString();
        }
    }
}
