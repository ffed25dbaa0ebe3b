using System.Text;
using DeviceAgent.Board;

namespace DeviceAgent.Identity
{
    /// <summary>Keeps the issued identity in two slots: a new one never takes the place of the current one before it is durable.</summary>
    public sealed class IdentityStore
    {
        private const string Name = "identity";
        private const int FixedFields = 5;

        private readonly SlotPair _slots;

        /// <summary>Makes a store; it reads nothing yet.</summary>
        /// <param name="storage">The board's storage.</param>
        public IdentityStore(IStorage storage)
        {
            _slots = new SlotPair(storage, Name, "DAI2", FixedFields);
        }

        /// <summary>Which generation the identity loaded or committed last has; 0 where there is none.</summary>
        public int Generation => _slots.Generation;

        /// <summary>The file of a slot.</summary>
        /// <param name="slot">0 or 1.</param>
        public static string FileName(int slot) => slot == 0 ? Name + ".0" : Name + ".1";

        /// <summary>Reads the newest identity that is whole.</summary>
        /// <returns>The identity; <see langword="null"/> where neither slot holds one.</returns>
        public DeviceIdentity Load() => Unpack(_slots.Load());

        /// <summary>Reads the identity in the slot that is not the current one's. Follows a <see cref="Load"/>.</summary>
        /// <returns>The identity; <see langword="null"/> where that slot holds none that is whole.</returns>
        public DeviceIdentity LoadOther() => Unpack(_slots.LoadOther());

        /// <summary>
        /// Writes an identity to the free slot, and makes it the current one once it has been read back as it was written.
        /// Follows a <see cref="Load"/>.
        /// </summary>
        /// <param name="identity">The identity.</param>
        /// <returns><see langword="null"/> once it is durable, else why not; what was stored before then still is.</returns>
        public string Commit(DeviceIdentity identity)
        {
            // A field that is odd in number tells what is left out
            int configured = FixedFields + identity.Configuration.Length;
            byte[][] fields = new byte[identity.LeftOut.Length > 0 ? configured + 1 : configured][];
            fields[0] = Encoding.UTF8.GetBytes(identity.ThingName);
            fields[1] = Encoding.UTF8.GetBytes(identity.CertificateId);
            fields[2] = identity.Certificate;
            fields[3] = identity.Key;
            fields[4] = Encoding.UTF8.GetBytes(identity.ReplacedCertificateId);
            for (int i = 0; i < identity.Configuration.Length; i++)
            {
                fields[FixedFields + i] = Encoding.UTF8.GetBytes(identity.Configuration[i]);
            }

            if (identity.LeftOut.Length > 0)
            {
                fields[configured] = Encoding.UTF8.GetBytes(identity.LeftOut);
            }

            return _slots.Commit(fields);
        }

        /// <summary>Deletes the current identity, so that the next <see cref="Load"/> gives the other.</summary>
        /// <returns><see langword="null"/> once it is gone, else why not.</returns>
        public string DropCurrent() => _slots.DropCurrent();

        private static DeviceIdentity Unpack(byte[] record)
        {
            if (record == null)
            {
                return null;
            }

            DeviceIdentity identity = new DeviceIdentity();
            identity.ThingName = Record.GetString(record, 0);
            identity.CertificateId = Record.GetString(record, 1);
            identity.Certificate = Record.GetBytes(record, 2, 0);
            identity.Key = Record.GetBytes(record, 3, 0);
            identity.ReplacedCertificateId = Record.GetString(record, 4);
            identity.Configuration = new string[(Record.FieldCount(record) - FixedFields) & ~1];
            for (int i = 0; i < identity.Configuration.Length; i++)
            {
                identity.Configuration[i] = Record.GetString(record, FixedFields + i);
            }

            int configured = FixedFields + identity.Configuration.Length;
            if (Record.FieldCount(record) > configured)
            {
                identity.LeftOut = Record.GetString(record, configured);
            }

            return identity;
        }
    }
}
