using System;
using System.Collections;
using System.IO;
using DeviceAgent.Board;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>A board's storage in memory, which can fail, wear out, and lose its power in the middle.</summary>
    public sealed class MemoryStorage : IStorage
    {
        private readonly Hashtable _files = new Hashtable();
        private readonly Trace _trace;
        private int _changes;

        /// <summary>Makes an empty storage.</summary>
        public MemoryStorage(Trace trace)
        {
            _trace = trace;
        }

        /// <summary>Writes since the start, failed ones too.</summary>
        public int Writes { get; private set; }

        /// <summary>Deletions since the start.</summary>
        public int Deletes { get; private set; }

        /// <summary>Which write fails, from 1; 0 for none.</summary>
        public int FailAt { get; set; }

        /// <summary>From which write on all fail, from 1; 0 for none.</summary>
        public int FullFrom { get; set; }

        /// <summary>Which write changes a byte of what it was to write, from 1; 0 for none.</summary>
        public int CorruptAt { get; set; }

        /// <summary>In which change (write or deletion) the power goes, from 1; 0 for none.</summary>
        public int CutAt { get; set; }

        /// <summary>How much of a write is done when the power goes in it, in percent; −1 for the old file as it was.</summary>
        public int CutPercent { get; set; }

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
            if (IsBroken)
            {
                throw new InvalidOperationException("the flash driver failed");
            }

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
            Writes++;
            bool isCut = Change("write " + name);
            if (isCut && CutPercent >= 0)
            {
                _files[name] = Copy(content, content.Length * CutPercent / 100);
            }

            if (isCut)
            {
                throw new PowerCutException();
            }

            if (Writes == FailAt || (FullFrom > 0 && Writes >= FullFrom))
            {
                _files.Remove(name); // as a board does, which deletes the old file first
                throw new IOException("the storage is full");
            }

            byte[] copy = Copy(content, content.Length);
            if (Writes == CorruptAt)
            {
                copy[copy.Length / 2] ^= 4;
            }

            _files[name] = copy;
        }

        /// <inheritdoc/>
        public void Delete(string name)
        {
            Deletes++;
            bool isCut = Change("delete " + name);
            if (!isCut || CutPercent > 50)
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
            string[] names = new string[_files.Count];
            _files.Keys.CopyTo(names, 0);
            return names;
        }

        private bool Change(string text)
        {
            _trace.Add(text);
            return ++_changes == CutAt;
        }

        private static byte[] Copy(byte[] bytes, int length)
        {
            byte[] copy = new byte[length];
            Array.Copy(bytes, 0, copy, 0, length);
            return copy;
        }
    }
}
