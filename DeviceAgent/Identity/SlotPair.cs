using System.IO;
using DeviceAgent.Board;

namespace DeviceAgent.Identity
{
    /// <summary>
    /// Keeps one <see cref="Record"/> in two files. A new one goes to the file that does not hold the current one, is read back and compared,
    /// and only then counts: a power cut at any instant leaves the one or the other.
    /// </summary>
    public sealed class SlotPair
    {
        /// <summary>Which generation the record loaded or committed last has; 0 where there is none.</summary>
        public int Generation;

        private readonly IStorage _storage;
        private readonly string _name;
        private readonly string _mark;
        private readonly int _fields;
        private int _current = -1;

        /// <summary>Makes a pair; it reads nothing yet.</summary>
        /// <param name="storage">The board's storage.</param>
        /// <param name="name">What both files' names begin with; <c>.0</c> and <c>.1</c> follow.</param>
        /// <param name="mark">The records' mark.</param>
        /// <param name="fields">How many fields they have at least.</param>
        public SlotPair(IStorage storage, string name, string mark, int fields)
        {
            _storage = storage;
            _name = name;
            _mark = mark;
            _fields = fields;
        }

        /// <summary>Reads the newest record that is whole, and makes it the current one.</summary>
        /// <returns>The record; <see langword="null"/> where neither file holds one.</returns>
        public byte[] Load()
        {
            _current = -1;
            Generation = 0;
            byte[] newest = null;
            for (int slot = 0; slot < 2; slot++)
            {
                byte[] record = Read(slot);
                if (record != null && (newest == null || Record.Generation(record) > Generation))
                {
                    newest = record;
                    _current = slot;
                    Generation = Record.Generation(record);
                }
            }

            return newest;
        }

        /// <summary>Reads the record that was current before the one that is. Follows a <see cref="Load"/>.</summary>
        /// <returns>The record; <see langword="null"/> where none is whole.</returns>
        public byte[] LoadOther() => Read(1 - _current);

        /// <summary>
        /// Writes a record to the free file, and makes it the current one once it has been read back as it was written.
        /// Follows a <see cref="Load"/>.
        /// </summary>
        /// <param name="fields">The record's fields.</param>
        /// <returns><see langword="null"/> once it is durable, else why not; what was stored before then still is.</returns>
        public string Commit(byte[][] fields)
        {
            int slot = _current == 0 ? 1 : 0;
            byte[] record = Record.Create(_mark, Generation + 1, fields);
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
            Generation++;
            return null;
        }

        /// <summary>Deletes the current record, so that the next <see cref="Load"/> gives the other.</summary>
        /// <returns><see langword="null"/> once it is gone, else why not.</returns>
        public string DropCurrent()
        {
            try
            {
                _storage.Delete(FileName(_current));
                return null;
            }
            catch (IOException e)
            {
                return FileName(_current) + " cannot be deleted: " + e.Message;
            }
        }

        private string FileName(int slot) => _name + (slot == 0 ? ".0" : ".1");

        private byte[] Read(int slot)
        {
            byte[] record;
            try
            {
                record = _storage.Read(FileName(slot));
            }
            catch (IOException)
            {
                return null; // a file that cannot be read is as good as none: the other one counts
            }

            return Record.IsValid(record, _mark, _fields) ? record : null;
        }
    }
}
