using System.IO;
using DeviceAgent.Board;

namespace DeviceAgent.Esp32
{
    /// <summary>
    /// The board's internal flash, volume I:. LittleFS makes a file durable when it is closed, and not before; that it is full may show only then,
    /// or not at all, which is why callers read back what matters.
    /// </summary>
    public sealed class InternalStorage : IStorage
    {
        private const string Root = "I:\\";
        private const int PieceSize = 128;

        /// <inheritdoc/>
        public byte[] Read(string name)
        {
            string path = Root + name;
            if (!File.Exists(path))
            {
                return null;
            }

            using (FileStream file = new FileStream(path, FileMode.Open, FileAccess.Read))
            {
                byte[] content = new byte[(int)file.Length];
                if (Fill(file, content, content.Length) < content.Length)
                {
                    throw new IOException(name + " ends early");
                }

                return content;
            }
        }

        /// <inheritdoc/>
        public void Write(string name, byte[] content)
        {
            string path = Root + name;
            if (File.Exists(path))
            {
                File.Delete(path);
            }

            using (FileStream file = new FileStream(path, FileMode.Create, FileAccess.Write))
            {
                file.Write(content, 0, content.Length);
            }
        }

        /// <inheritdoc/>
        public bool Holds(string name, byte[] content)
        {
            string path = Root + name;
            if (!File.Exists(path))
            {
                return false;
            }

            try
            {
                using (FileStream file = new FileStream(path, FileMode.Open, FileAccess.Read))
                {
                    byte[] piece = new byte[PieceSize];
                    int done = 0;
                    while (true)
                    {
                        int read = Fill(file, piece, PieceSize);
                        if (read == 0)
                        {
                            return done == content.Length;
                        }

                        for (int i = 0; i < read; i++)
                        {
                            if (done == content.Length || piece[i] != content[done++])
                            {
                                return false;
                            }
                        }
                    }
                }
            }
            catch (IOException)
            {
                return false;
            }
        }

        /// <inheritdoc/>
        public void Delete(string name)
        {
            if (File.Exists(Root + name))
            {
                File.Delete(Root + name);
            }
        }

        /// <inheritdoc/>
        public string[] List()
        {
            string[] paths = Directory.GetFiles(Root);
            for (int i = 0; i < paths.Length; i++)
            {
                paths[i] = paths[i].Substring(paths[i].LastIndexOf('\\') + 1);
            }

            return paths;
        }

        /// <summary>Reads up to a number of bytes. Not File.ReadAllBytes: on a short read that would loop for ever.</summary>
        /// <returns>How many there were.</returns>
        private static int Fill(FileStream file, byte[] buffer, int count)
        {
            int done = 0;
            while (done < count)
            {
                int read = file.Read(buffer, done, count - done);
                if (read <= 0)
                {
                    break;
                }

                done += read;
            }

            return done;
        }
    }
}
