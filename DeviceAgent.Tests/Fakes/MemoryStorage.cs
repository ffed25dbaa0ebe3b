using System;
using System.Collections;
using System.IO;
using DeviceAgent.Board;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>
    /// A board's storage in memory. What goes wrong with it is ordered by number: changes (writes and deletions) are counted since the power
    /// came on, writes since the start.
    /// </summary>
    /// <remarks>
    /// When the power goes in a change, that change throws <see cref="PowerCutException"/>, and so does every access after it, until
    /// <see cref="PowerOff"/>: nothing that the firmware still does after the cut reaches the flash.
    /// </remarks>
    public sealed class MemoryStorage : IStorage
    {
        /// <summary>The power goes before the change: the file is as it was.</summary>
        public const int Before = -2;

        /// <summary>The power goes when the old file is gone and nothing of the new one is there.</summary>
        public const int Deleted = -1;

        /// <summary>The power goes just after the change: the file holds all of it.</summary>
        public const int After = int.MaxValue;

        private readonly ILog _trace;
        private Hashtable _files = new Hashtable();
        private Hashtable _durable;
        private bool _isOff;

        /// <summary>Makes an empty storage.</summary>
        /// <param name="trace">Is told each change, as <c>write NAME</c> or <c>delete NAME</c>; or <see langword="null"/>.</param>
        public MemoryStorage(ILog trace)
        {
            _trace = trace;
        }

        /// <summary>Writes since the start, failed ones too.</summary>
        public int Writes { get; private set; }

        /// <summary>Deletions since the start.</summary>
        public int Deletes { get; private set; }

        /// <summary>Changes since the power came on: writes and deletions.</summary>
        public int Changes { get; private set; }

        /// <summary>Which write fails, from 1; 0 for none.</summary>
        public int FailAt { get; set; }

        /// <summary>From which write on all fail, from 1; 0 for none.</summary>
        public int FullFrom { get; set; }

        /// <summary>Whether a write that fails for want of space says nothing, and leaves the half of what it was to write.</summary>
        public bool IsFullSilently { get; set; }

        /// <summary>Which write changes a bit of what it was to write, from 1; 0 for none.</summary>
        public int CorruptAt { get; set; }

        /// <summary>In which change since the power came on the power goes, from 1; 0 for none.</summary>
        public int CutAt { get; set; }

        /// <summary>How far a change has come when the power goes in it: <see cref="Before"/>, <see cref="Deleted"/>, <see cref="After"/>, or how many bytes of a write are there.</summary>
        public int CutBytes { get; set; }

        /// <summary>
        /// From which change since the power came on changes are kept where they are lost with the power, from 1; 0 for none. So bad is no
        /// storage that keeps its promise; what is lost is always the last of it, never something in between.
        /// </summary>
        public int UndurableFrom { get; set; }

        /// <summary>The name of a file that cannot be read, or <see langword="null"/>.</summary>
        public string Unreadable { get; set; }

        /// <summary>Whether every access fails in a way that nobody expects.</summary>
        public bool IsBroken { get; set; }

        /// <summary>Puts a file there without counting it.</summary>
        public void Put(string name, byte[] content) => _files[name] = Copy(content, content.Length);

        /// <summary>The file itself, to look at; <see langword="null"/> where there is none.</summary>
        public byte[] Peek(string name) => (byte[])_files[name];

        /// <summary>Takes a file away without counting it.</summary>
        public void Remove(string name) => _files.Remove(name);

        /// <summary>Turns one bit of a file at rest over.</summary>
        /// <param name="name">The file.</param>
        /// <param name="bit">Which bit, from 0: eight to a byte.</param>
        public void Flip(string name, int bit) => Peek(name)[bit / 8] ^= (byte)(1 << (bit % 8));

        /// <summary>What the firmware does that cannot mount its storage: all files are gone, the factory's too.</summary>
        public void Format() => _files.Clear();

        /// <summary>Between two boots: what was not durable is lost, changes are counted anew, and no cut is ordered any more.</summary>
        public void PowerOff()
        {
            if (_durable != null)
            {
                _files = _durable;
                _durable = null;
            }

            _isOff = false;
            Changes = 0;
            CutAt = 0;
            UndurableFrom = 0;
        }

        /// <inheritdoc/>
        public bool Holds(string name, byte[] content)
        {
            byte[] held;
            try
            {
                held = Read(name);
            }
            catch (IOException)
            {
                return false;
            }

            if (held == null || held.Length != content.Length)
            {
                return false;
            }

            for (int i = 0; i < held.Length; i++)
            {
                if (held[i] != content[i])
                {
                    return false;
                }
            }

            return true;
        }

        /// <inheritdoc/>
        public byte[] Read(string name)
        {
            CheckPower();
            if (name == Unreadable)
            {
                throw new IOException("unreadable");
            }

            byte[] content = Peek(name);
            return content == null ? null : Copy(content, content.Length);
        }

        /// <inheritdoc/>
        public void Write(string name, byte[] content)
        {
            CheckPower();
            Writes++;
            if (IsCut("write " + name))
            {
                if (CutBytes >= 0)
                {
                    _files[name] = Copy(content, CutBytes < content.Length ? CutBytes : content.Length);
                }
                else if (CutBytes == Deleted)
                {
                    _files.Remove(name);
                }

                throw new PowerCutException();
            }

            bool isFull = FullFrom > 0 && Writes >= FullFrom;
            if (Writes == FailAt || (isFull && !IsFullSilently))
            {
                _files.Remove(name); // as a board does, which deletes the old file first
                throw new IOException("the storage is full");
            }

            byte[] copy = Copy(content, isFull ? content.Length / 2 : content.Length);
            if (Writes == CorruptAt)
            {
                copy[copy.Length / 2] ^= 4;
            }

            _files[name] = copy;
        }

        /// <inheritdoc/>
        public void Delete(string name)
        {
            CheckPower();
            Deletes++;
            bool isCut = IsCut("delete " + name);
            if (!isCut || CutBytes != Before)
            {
                _files.Remove(name);
            }

            if (isCut)
            {
                throw new PowerCutException();
            }
        }

        /// <inheritdoc/>
        public string[] List()
        {
            CheckPower();
            string[] names = new string[_files.Count];
            _files.Keys.CopyTo(names, 0);
            return names;
        }

        private void CheckPower()
        {
            if (_isOff)
            {
                throw new PowerCutException();
            }

            if (IsBroken)
            {
                throw new InvalidOperationException("the flash driver failed");
            }
        }

        /// <summary>Counts a change.</summary>
        /// <returns>Whether the power goes in it.</returns>
        private bool IsCut(string text)
        {
            _trace?.Write(text);
            Changes++;
            if (Changes == UndurableFrom)
            {
                _durable = new Hashtable();
                foreach (DictionaryEntry file in _files)
                {
                    _durable[file.Key] = file.Value; // a write makes a new array and never changes the old one
                }
            }

            _isOff = Changes == CutAt;
            return _isOff;
        }

        private static byte[] Copy(byte[] bytes, int length)
        {
            byte[] copy = new byte[length];
            Array.Copy(bytes, 0, copy, 0, length);
            return copy;
        }
    }
}
