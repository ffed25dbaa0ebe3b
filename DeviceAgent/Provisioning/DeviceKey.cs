using System;
using System.IO;
using DeviceAgent.Board;
using DeviceAgent.Crypto;
using DeviceAgent.Identity;

namespace DeviceAgent.Provisioning
{
    /// <summary>
    /// A key of the device's own, and the request for a certificate for it: the factory's, or else one that is made here. What is made is durable
    /// before it is used, so that a power cut or a failed exchange costs no second key, and it goes once an identity has it.
    /// </summary>
    public sealed class DeviceKey
    {
        /// <summary>The file in the board's storage that holds what was made here.</summary>
        public const string FileName = "device.key";

        /// <summary>The factory's key: PEM, not encrypted.</summary>
        public const string FactoryKey = PemFile.DeviceKey;

        /// <summary>The factory's request for a certificate for <see cref="FactoryKey"/>: PKCS #10 in PEM.</summary>
        public const string FactoryRequest = "device.pem.csr";

        private const string Mark = "DAK1";
        private const int KeyField = 0;
        private const int RequestField = 1;
        private const int Fields = 2;

        /// <summary>How often random bytes may be no key. One try of 2^32 ends so: several in a row are no chance.</summary>
        private const int Tries = 4;

        private readonly IStorage _storage;
        private readonly IBoard _board;
        private byte[] _key;
        private byte[] _request;
        private byte[] _publicKey;

        /// <summary>Makes it; it reads nothing yet.</summary>
        /// <param name="storage">The board's storage.</param>
        /// <param name="board">Gives random numbers.</param>
        public DeviceKey(IStorage storage, IBoard board)
        {
            _storage = storage;
            _board = board;
        }

        /// <summary>The private key that is ready: PEM, ended by a zero byte; <see langword="null"/> where none is.</summary>
        public byte[] Key => _key;

        /// <summary>The request for a certificate for it: PKCS #10 in PEM.</summary>
        public byte[] Request => _request;

        /// <summary>Whether it is the factory's.</summary>
        public bool IsFactory { get; private set; }

        /// <summary>Takes the factory's key and request, where they are there.</summary>
        /// <param name="clients">Knows what keys a board can read.</param>
        /// <returns><see langword="null"/> where they can be used or neither is there, else what is wrong with them.</returns>
        public string LoadFactory(IMqttClients clients)
        {
            Release();
            byte[] key = PemFile.Read(_storage, FactoryKey);
            byte[] request = PemFile.Read(_storage, FactoryRequest);
            if (key == null && request == null)
            {
                return null;
            }

            if (key == null || request == null)
            {
                return (key == null ? FactoryKey : FactoryRequest) + " is missing or cannot be read, and " + (key == null ? FactoryRequest : FactoryKey)
                    + " is there: flash both, or neither, and the board makes its own";
            }

            byte[] publicKey = Pkcs10.ReadPublicKey(request);
            if (publicKey == null)
            {
                return FactoryRequest + " is no certificate request (PKCS #10) in PEM with nothing before it";
            }

            if (EcKey.LacksPublicPoint(key))
            {
                return FactoryKey + PemFile.NoPublicPoint;
            }

            byte[] claim = PemFile.Read(_storage, PemFile.ClaimCertificate);
            if (!Pem.Begins(key) || (claim != null && !clients.AreUsable(claim, key)))
            {
                return FactoryKey + " cannot be read: it has to be a private key in PEM, not encrypted, with nothing before it";
            }

            byte[] der = Pem.DecodeKey(key);
            if (der != null)
            {
                bool isAnother = !Pkcs10.Has(der, publicKey);
                Array.Clear(der, 0, der.Length);
                if (isAnother)
                {
                    return FactoryKey + " is not the key that " + FactoryRequest + " is for";
                }
            }

            _key = key;
            _request = request;
            _publicKey = publicKey;
            IsFactory = true;
            return null;
        }

        /// <summary>Reads a key that was made before.</summary>
        /// <returns>Whether there is one. What a power cut has torn counts as none: nothing had been asked for with it.</returns>
        public bool Load()
        {
            Release();
            byte[] record = null;
            try
            {
                record = _storage.Read(FileName);
            }
            catch (IOException)
            {
                // As good as none
            }

            if (!Record.IsValid(record, Mark, Fields))
            {
                return false;
            }

            _key = Record.GetBytes(record, KeyField, 0);
            _request = Record.GetBytes(record, RequestField, 0);
            _publicKey = Pkcs10.ReadPublicKey(_request);
            if (_publicKey == null || !Pem.Begins(_key) || _key[_key.Length - 1] != 0)
            {
                Release();
            }

            return _key != null;
        }

        /// <summary>
        /// Makes a key of the curve P-256 and a request for it, writes both, and reads them back. The network is up: without the radio the board's
        /// numbers are not random. It costs 2,529 modular multiplications.
        /// </summary>
        /// <param name="commonName">The subject of the request: 1 to 64 printable ASCII characters.</param>
        /// <returns><see langword="null"/> once they are durable, else why not.</returns>
        public string Make(string commonName)
        {
            Release();
            byte[] random = new byte[EcKey.Size];
            EcKey key = null;
            for (int i = 0; i < Tries && key == null; i++)
            {
                for (int at = 0; at < random.Length; at++)
                {
                    random[at] = (byte)_board.Random(256);
                }

                key = EcKey.Create(random);
                Array.Clear(random, 0, random.Length);
            }

            if (key == null)
            {
                return "the board's random numbers are none";
            }

            byte[] pem = key.ToPem();
            _key = new byte[pem.Length + 1]; // with the zero byte that mbedTLS wants after it
            pem.CopyTo(_key, 0);
            Array.Clear(pem, 0, pem.Length);
            _request = Pkcs10.CreateRequest(key, commonName);
            _publicKey = Pkcs10.ReadPublicKey(_request);
            key.Erase();

            byte[] record = Record.Create(Mark, 0, new byte[][] { _key, _request });
            string problem = null;
            try
            {
                _storage.Write(FileName, record);
                if (!_storage.Holds(FileName, record))
                {
                    problem = FileName + " does not read back as it was written: the storage is full or worn out";
                }
            }
            catch (IOException e)
            {
                problem = FileName + " cannot be written: " + e.Message;
            }

            Array.Clear(record, 0, record.Length);
            if (problem != null)
            {
                Release();
            }

            return problem;
        }

        /// <summary>Whether a private key is the one that is ready.</summary>
        /// <param name="key">PEM, ended by a zero byte.</param>
        public bool Is(byte[] key)
        {
            if (_key == null || key.Length != _key.Length)
            {
                return false;
            }

            for (int i = 0; i < key.Length; i++)
            {
                if (key[i] != _key[i])
                {
                    return false;
                }
            }

            return true;
        }

        /// <summary>Whether a certificate is for the key that is ready.</summary>
        /// <param name="certificate">PEM.</param>
        public bool IsFor(byte[] certificate)
        {
            byte[] der = Pem.Decode(certificate);
            return der != null && Pkcs10.Has(der, _publicKey);
        }

        /// <summary>Gives its memory back; what is in the storage stays.</summary>
        public void Release()
        {
            if (_key != null)
            {
                Array.Clear(_key, 0, _key.Length);
            }

            _key = null;
            _request = null;
            _publicKey = null;
            IsFactory = false;
        }

        /// <summary>Ends the use of what was made here: an identity has it.</summary>
        public void Delete()
        {
            try
            {
                if (_storage.Read(FileName) != null)
                {
                    _storage.Delete(FileName);
                }
            }
            catch (IOException)
            {
                // Then it is found again, and found to be in use
            }
        }
    }
}
