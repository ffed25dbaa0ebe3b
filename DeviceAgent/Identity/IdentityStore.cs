using System.IO;
using System.Text;
using DeviceAgent.Board;

namespace DeviceAgent.Identity
{
    /// <summary>
    /// Keeps the issued identity in two slots. A new one goes to the slot that does not hold the current one, is read back and compared,
    /// and only then counts: a power cut at any instant leaves the one or the other.
    /// </summary>
    public sealed class IdentityStore
    {
        private const string Mark = "DAI1";
        private const int FixedFields = 4;

        private readonly IStorage _storage;
        private int _generation;
        private int _current = -1;

        /// <summary>Makes a store; it reads nothing yet.</summary>
        /// <param name="storage">The board's storage.</param>
        public IdentityStore(IStorage storage)
        {
            _storage = storage;
        }

        /// <summary>Which generation the identity loaded or committed last has; 0 where there is none.</summary>
        public int Generation => _generation;

        /// <summary>The file of a slot.</summary>
        /// <param name="slot">0 or 1.</param>
        public static string FileName(int slot) => slot == 0 ? "identity.0" : "identity.1";

        /// <summary>Reads the newest identity that is whole.</summary>
        /// <returns>The identity; <see langword="null"/> where neither slot holds one.</returns>
        public DeviceIdentity Load()
        {
            _current = -1;
            _generation = 0;
            byte[] newest = null;
            for (int slot = 0; slot < 2; slot++)
            {
                byte[] record = Read(slot);
                if (Record.IsValid(record, Mark, FixedFields) && (newest == null || Record.Generation(record) > _generation))
                {
                    newest = record;
                    _current = slot;
                    _generation = Record.Generation(record);
                }
            }

            return newest == null ? null : Unpack(newest);
        }

        /// <summary>
        /// Writes an identity to the free slot, and makes it the current one once it has been read back as it was written.
        /// Follows a <see cref="Load"/>.
        /// </summary>
        /// <param name="identity">The identity.</param>
        /// <returns><see langword="null"/> once it is durable, else why not; what was stored before then still is.</returns>
        public string Commit(DeviceIdentity identity)
        {
            int slot = _current == 0 ? 1 : 0;
            byte[] record = Pack(identity, _generation + 1);
            try
            {
                _storage.Write(FileName(slot), record);
            }
            catch (IOException e)
            {
                return FileName(slot) + " cannot be written: " + e.Message;
            }

            if (!_storage.Holds(FileName(slot), record))
            {
                return FileName(slot) + " does not read back as it was written: the storage is full or worn out";
            }

            _current = slot;
            _generation++;
            return null;
        }

        private byte[] Read(int slot)
        {
            try
            {
                return _storage.Read(FileName(slot));
            }
            catch (IOException)
            {
                return null; // a slot that cannot be read is as good as none: the other one counts
            }
        }

        private static byte[] Pack(DeviceIdentity identity, int generation)
        {
            byte[][] fields = new byte[FixedFields + identity.Configuration.Length][];
            fields[0] = Encoding.UTF8.GetBytes(identity.ThingName);
            fields[1] = Encoding.UTF8.GetBytes(identity.CertificateId);
            fields[2] = identity.Certificate;
            fields[3] = identity.Key;
            for (int i = 0; i < identity.Configuration.Length; i++)
            {
                fields[FixedFields + i] = Encoding.UTF8.GetBytes(identity.Configuration[i]);
            }

            return Record.Create(Mark, generation, fields);
        }

        private static DeviceIdentity Unpack(byte[] record)
        {
            DeviceIdentity identity = new DeviceIdentity();
            identity.ThingName = Record.GetString(record, 0);
            identity.CertificateId = Record.GetString(record, 1);
            identity.Certificate = Record.GetBytes(record, 2, 0);
            identity.Key = Record.GetBytes(record, 3, 0);
            identity.Configuration = new string[(Record.FieldCount(record) - FixedFields) & ~1];
            for (int i = 0; i < identity.Configuration.Length; i++)
            {
                identity.Configuration[i] = Record.GetString(record, FixedFields + i);
            }

            return identity;
        }
    }
}
