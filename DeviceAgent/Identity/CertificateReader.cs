using DeviceAgent.Crypto;

namespace DeviceAgent.Identity
{
    /// <summary>
    /// Reads of a certificate (RFC 5280) what the agent needs to know: its common name, how long it is valid, and its id at AWS. It proves nothing:
    /// no signature is looked at. Whatever is no certificate is none; nothing throws.
    /// </summary>
    public sealed class CertificateReader
    {
        /// <summary>
        /// The subject's common name; <see langword="null"/> where it has none. Of several it is the first, which is what AWS puts in for
        /// <c>${iot:Certificate.Subject.CommonName}</c>. Characters other than those of printable ASCII are question marks, so that it is fit for the log.
        /// </summary>
        public string CommonName;

        /// <summary>From when on it is valid, in seconds since 1970.</summary>
        public long NotBefore;

        /// <summary>Until when it is valid, in seconds since 1970.</summary>
        public long NotAfter;

        private const string First = "-----BEGIN CERTIFICATE-----";
        private const string Last = "-----END CERTIFICATE-----";
        private const long NoTime = long.MinValue;

        // Tags of DER (X.690, RFC 5280 appendix A)
        private const int Integer = 0x02;
        private const int BitString = 0x03;
        private const int ObjectIdentifier = 0x06;
        private const int Utf8String = 0x0C;
        private const int NumericString = 0x12;
        private const int PrintableString = 0x13;
        private const int TeletexString = 0x14;
        private const int Ia5String = 0x16;
        private const int UtcTime = 0x17;
        private const int GeneralizedTime = 0x18;
        private const int VisibleString = 0x1A;
        private const int BmpString = 0x1E;
        private const int Sequence = 0x30;
        private const int Set = 0x31;
        private const int Version = 0xA0;

        private readonly byte[] _der;
        private int _at;

        private CertificateReader(byte[] der)
        {
            _der = der;
        }

        /// <summary>Reads a certificate.</summary>
        /// <param name="pem">
        /// PEM, with or without a zero byte at its end, and whatever stands before and after it: of several certificates the first is read.
        /// <see langword="null"/> is none.
        /// </param>
        /// <returns>The certificate; <see langword="null"/> where there is none, or it is damaged.</returns>
        public static CertificateReader Read(byte[] pem)
        {
            byte[] der = pem == null ? null : Decode(pem);
            if (der == null)
            {
                return null;
            }

            CertificateReader reader = new CertificateReader(der);
            return reader.ReadCertificate() ? reader : null;
        }

        /// <summary>
        /// Computes the certificate's id at AWS: the SHA-256 of its DER in 64 lower-case hexadecimal digits, as it is for all certificates
        /// that AWS has not made itself.
        /// </summary>
        public string GetId()
        {
            byte[] digest = Sha256.Hash(_der);
            char[] digits = new char[2 * digest.Length];
            for (int i = 0; i < digits.Length; i++)
            {
                int digit = i % 2 == 0 ? digest[i / 2] >> 4 : digest[i / 2] & 15;
                digits[i] = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
            }

            return new string(digits);
        }

        /// <summary>The DER of the first certificate; <see langword="null"/> where there is none.</summary>
        private static byte[] Decode(byte[] pem)
        {
            int start = Find(pem, First, 0) + First.Length;
            int end = start < First.Length ? -1 : Find(pem, Last, start);
            return Pem.DecodeBase64(pem, start, end);
        }

        /// <summary>Where a text begins; −1 where it is not there.</summary>
        private static int Find(byte[] bytes, string text, int start)
        {
            char first = text[0];
            for (int at = start; at <= bytes.Length - text.Length; at++)
            {
                if (bytes[at] != first)
                {
                    continue;
                }

                int same = 1;
                while (same < text.Length && bytes[at + same] == text[same])
                {
                    same++;
                }

                if (same == text.Length)
                {
                    return at;
                }
            }

            return -1;
        }

        private bool ReadCertificate()
        {
            int end = Begin(Sequence, _der.Length);
            int body = Begin(Sequence, end);
            if (end != _der.Length || body < 0 || !ReadBody(body))
            {
                return false;
            }

            _at = body; // extensions and the like
            return Skip(Sequence, end) && Skip(BitString, end) && _at == end;
        }

        private bool ReadBody(int end)
        {
            if (_at < end && _der[_at] == Version && !Skip(Version, end))
            {
                return false;
            }

            if (!Skip(Integer, end) || !Skip(Sequence, end) || !Skip(Sequence, end)) // serial number, algorithm, issuer
            {
                return false;
            }

            int validity = Begin(Sequence, end);
            NotBefore = ReadTime(validity);
            NotAfter = ReadTime(validity);
            if (NotBefore == NoTime || NotAfter == NoTime || _at != validity)
            {
                return false;
            }

            int subject = Begin(Sequence, end);
            return subject >= 0 && ReadSubject(subject) && Skip(Sequence, end); // public key
        }

        private bool ReadSubject(int end)
        {
            while (_at < end)
            {
                int set = Begin(Set, end);
                do
                {
                    int attribute = Begin(Sequence, set);
                    int type = Begin(ObjectIdentifier, attribute);
                    if (type < 0 || type == attribute)
                    {
                        return false;
                    }

                    bool isCommonName = type - _at == 3 && _der[_at] == 0x55 && _der[_at + 1] == 4 && _der[_at + 2] == 3; // 2.5.4.3
                    _at = type;
                    int tag = _der[_at];
                    if (Begin(tag, attribute) != attribute)
                    {
                        return false;
                    }

                    if (isCommonName && CommonName == null)
                    {
                        CommonName = ReadText(tag, attribute);
                    }

                    _at = attribute;
                }
                while (_at < set);
            }

            return true;
        }

        /// <summary>The text up to a position; <see langword="null"/> where it is of no kind that is known.</summary>
        private string ReadText(int tag, int end)
        {
            if (tag != Utf8String && tag != PrintableString && tag != Ia5String && tag != TeletexString && tag != VisibleString && tag != NumericString && tag != BmpString)
            {
                return null;
            }

            char[] text = new char[end - _at];
            int length = 0;
            for (int i = _at; i < end; i++)
            {
                int character = _der[i];
                if (tag == BmpString && i + 1 < end)
                {
                    character = (character << 8) | _der[++i];
                }
                else if (tag == Utf8String && (character & 0xC0) == 0x80)
                {
                    continue; // the character has its question mark
                }

                text[length++] = character >= ' ' && character <= '~' ? (char)character : '?';
            }

            return length == 0 ? "" : new string(text, 0, length);
        }

        /// <summary>A time, in seconds since 1970; <see cref="NoTime"/> where it is none (RFC 5280, 4.1.2.5).</summary>
        private long ReadTime(int limit)
        {
            bool isShort = _at < limit && _der[_at] == UtcTime;
            int end = Begin(isShort ? UtcTime : GeneralizedTime, limit);
            int digits = isShort ? 12 : 14;
            if (end - _at != digits + 1 || _der[end - 1] != 'Z')
            {
                return NoTime;
            }

            for (int i = _at; i < end - 1; i++)
            {
                if (_der[i] < '0' || _der[i] > '9')
                {
                    return NoTime;
                }
            }

            int year = ReadTwoDigits();
            year = isShort ? (year < 50 ? 2000 : 1900) + year : (year * 100) + ReadTwoDigits();
            int month = ReadTwoDigits();
            int day = ReadTwoDigits();
            int hour = ReadTwoDigits();
            int minute = ReadTwoDigits();
            int second = ReadTwoDigits();
            _at = end;
            bool isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            int days = month == 2 ? (isLeap ? 29 : 28) : 30 + ((month + (month >> 3)) & 1);
            if (year < 1 || month < 1 || month > 12 || day < 1 || day > days || hour > 23 || minute > 59 || second > 59)
            {
                return NoTime;
            }

            // Days since 1970 in a calendar whose years begin with March, so that a leap day is the last of its year
            int past = month > 2 ? year : year - 1;
            int dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9)) + 2) / 5) + day - 1;
            long since = (past * 365L) + (past / 4) - (past / 100) + (past / 400) + dayOfYear - 719468;
            return (((((since * 24) + hour) * 60) + minute) * 60) + second;
        }

        private int ReadTwoDigits()
        {
            int value = ((_der[_at] - '0') * 10) + (_der[_at + 1] - '0');
            _at += 2;
            return value;
        }

        private bool Skip(int tag, int limit)
        {
            int end = Begin(tag, limit);
            if (end < 0)
            {
                return false;
            }

            _at = end;
            return true;
        }

        /// <summary>Goes to the contents of the element that begins here.</summary>
        /// <param name="tag">The tag that it must have.</param>
        /// <param name="limit">Where it must have ended; −1, which stands for what was not there itself, is before anything.</param>
        /// <returns>Where it ends; −1 where it is not there, or not as DER is: up to 65,535 bytes, its length in as few bytes as it takes.</returns>
        private int Begin(int tag, int limit)
        {
            int at = _at;
            if (limit - at < 2 || _der[at] != tag)
            {
                return -1;
            }

            int length = _der[at + 1];
            at += 2;
            if (length >= 0x80)
            {
                int bytes = length - 0x80;
                if (bytes < 1 || bytes > 2 || limit - at < bytes)
                {
                    return -1;
                }

                length = _der[at++];
                if (bytes == 2)
                {
                    length = (length << 8) | _der[at++];
                }

                if (length < (bytes == 2 ? 0x100 : 0x80))
                {
                    return -1;
                }
            }

            if (length > limit - at)
            {
                return -1;
            }

            _at = at;
            return at + length;
        }
    }
}
