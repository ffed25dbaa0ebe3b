using System.IO;
using DeviceAgent.Board;
using DeviceAgent.Identity;
using DeviceAgent.Json;

namespace DeviceAgent.Provisioning
{
    /// <summary>
    /// What an exchange under way has been given: a certificate, its key, and the token that proves whose they are. It is written before the
    /// thing is registered, so that a power cut after that leaves no certificate behind whose key nobody has.
    /// </summary>
    public sealed class ProvisioningJournal
    {
        /// <summary>The file in the board's storage.</summary>
        public const string FileName = "provisioning";

        /// <summary>Seconds for which the token is used. AWS honours it for an hour.</summary>
        public const int TokenSeconds = 55 * 60;

        private const string Mark = "DAJ1";
        private const int CertificateId = 0;
        private const int Certificate = 1;
        private const int Key = 2;
        private const int Token = 3;
        private const int Created = 4;
        private const int Fields = 5;

        private const string PemStart = "-----BEGIN ";

        // No real one is as long; longer ones are somebody's mistake or attack
        private const int LongestId = 128;
        private const int LongestPem = 4096;
        private const int LongestToken = 2048;

        private readonly IStorage _storage;
        private byte[] _record;

        /// <summary>Makes a journal; it reads nothing yet.</summary>
        /// <param name="storage">The board's storage.</param>
        public ProvisioningJournal(IStorage storage)
        {
            _storage = storage;
        }

        /// <summary>Reads the journal. One that was torn by a power cut counts as none: nothing had been registered then.</summary>
        /// <returns>Whether there is one.</returns>
        public bool Load()
        {
            try
            {
                _record = _storage.Read(FileName);
            }
            catch (IOException)
            {
                _record = null;
            }

            if (!Record.IsValid(_record, Mark, Fields))
            {
                _record = null;
            }

            return _record != null;
        }

        /// <summary>
        /// Takes over the cloud's answer to CreateKeysAndCertificate or CreateCertificateFromCsr: one pass over it, then its strings go from the
        /// message straight into the record.
        /// </summary>
        /// <param name="json">The message; <see langword="null"/> where it was too large to keep.</param>
        /// <param name="now">The time, in seconds since 1970.</param>
        /// <param name="key">The device's own key, PEM ended by a zero byte, which the answer then does not hold; <see langword="null"/> for that of the answer.</param>
        /// <returns><see langword="null"/> where the answer was whole, else what is wrong with it.</returns>
        public string Take(byte[] json, long now, byte[] key)
        {
            if (json == null)
            {
                return "it is too large";
            }

            JsonReader reader = new JsonReader(json);
            int[] starts = new int[Created];
            int[] rawLengths = new int[Created];
            int[] lengths = new int[Fields];
            if (reader.Read() == JsonTokenType.ObjectStart)
            {
                while (reader.Read() == JsonTokenType.Name)
                {
                    int field = reader.Is("certificateId") ? CertificateId
                        : reader.Is("certificatePem") ? Certificate
                        : key == null && reader.Is("privateKey") ? Key
                        : reader.Is("certificateOwnershipToken") ? Token : -1;
                    if (reader.Read() == JsonTokenType.String && field >= 0)
                    {
                        int longest = field == CertificateId ? LongestId : field == Token ? LongestToken : LongestPem;
                        if (reader.HasNul || reader.DecodedLength > longest)
                        {
                            return "one of its values is too long or holds U+0000";
                        }

                        starts[field] = reader.Start;
                        rawLengths[field] = reader.RawLength;
                        lengths[field] = reader.DecodedLength;
                    }

                    reader.Skip();
                }
            }

            if (reader.Token != JsonTokenType.ObjectEnd || reader.Read() != JsonTokenType.End)
            {
                return "it is no JSON object: " + reader.Problem;
            }

            for (int i = 0; i < Created; i++)
            {
                if (lengths[i] == 0 && (i != Key || key == null))
                {
                    return "certificateId, certificatePem" + (key == null ? ", privateKey" : "") + " or certificateOwnershipToken is missing";
                }
            }

            // PEM is kept with the zero byte that mbedTLS wants after it
            lengths[Certificate]++;
            lengths[Key] = key == null ? lengths[Key] + 1 : key.Length;
            string created = now.ToString();
            lengths[Created] = created.Length;
            byte[] record = Record.Create(Mark, 0, lengths);
            for (int i = 0; i < Created; i++)
            {
                int start = Record.FieldStart(record, i);
                if (i == Key && key != null)
                {
                    key.CopyTo(record, start);
                }
                else
                {
                    JsonReader.Decode(json, starts[i], rawLengths[i], record, start);
                }
            }

            int at = Record.FieldStart(record, Created);
            for (int i = 0; i < created.Length; i++)
            {
                record[at + i] = (byte)created[i];
            }

            if (!IsPem(record, Certificate) || !IsPem(record, Key))
            {
                return "certificatePem or privateKey is no PEM";
            }

            if (!IsPrintable(record, CertificateId) || !IsPrintable(record, Token))
            {
                return "certificateId or certificateOwnershipToken holds what is no printable ASCII";
            }

            Record.Seal(record);
            _record = record;
            return null;
        }

        /// <summary>Whether a field can go into the log and, by way of nanoFramework.Json, into JSON.</summary>
        private static bool IsPrintable(byte[] record, int field)
        {
            int start = Record.FieldStart(record, field);
            for (int i = Record.FieldLength(record, field) - 1; i >= 0; i--)
            {
                if (record[start + i] <= ' ' || record[start + i] >= 127)
                {
                    return false;
                }
            }

            return true;
        }

        private static bool IsPem(byte[] record, int field)
        {
            int start = Record.FieldStart(record, field);
            for (int i = 0; i < PemStart.Length; i++)
            {
                if (record[start + i] != PemStart[i])
                {
                    return false; // the field ends in a zero byte, so this stays within it
                }
            }

            return true;
        }

        /// <summary>Writes what was taken over, and reads it back.</summary>
        /// <returns><see langword="null"/> once it is durable, else why not.</returns>
        public string Save()
        {
            try
            {
                _storage.Write(FileName, _record);
                if (_storage.Holds(FileName, _record))
                {
                    return null;
                }
            }
            catch (IOException e)
            {
                return FileName + " cannot be written: " + e.Message;
            }

            return FileName + " does not read back as it was written: the storage is full or worn out";
        }

        /// <summary>Gives its memory back once all of it has been taken; what is in the storage stays.</summary>
        public void Release() => _record = null;

        /// <summary>Ends the exchange.</summary>
        public void Delete()
        {
            _record = null;
            try
            {
                _storage.Delete(FileName);
            }
            catch (IOException)
            {
                // Then the next boot finds it, and finds out that its work is done
            }
        }

        /// <summary>The certificate's id.</summary>
        public string GetCertificateId() => Record.GetString(_record, CertificateId);

        /// <summary>The certificate: PEM, ended by a zero byte.</summary>
        public byte[] GetCertificate() => Record.GetBytes(_record, Certificate, 0);

        /// <summary>Its key: PEM, ended by a zero byte.</summary>
        public byte[] GetKey() => Record.GetBytes(_record, Key, 0);

        /// <summary>The ownership token.</summary>
        public string GetToken() => Record.GetString(_record, Token);

        /// <summary>Whether the token is still worth a try.</summary>
        /// <param name="now">The time, in seconds since 1970.</param>
        public bool IsTokenFresh(long now)
        {
            string created = Record.GetString(_record, Created);
            long then = 0;
            for (int i = 0; i < created.Length; i++)
            {
                then = (then * 10) + (created[i] - '0');
            }

            // A clock that was set back since makes the age negative: then the cloud is to say
            return now - then < TokenSeconds;
        }
    }
}
