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

        /// <inheritdoc/>
        public byte[] Read(string name)
        {
            string path = Root + name;
            if (!File.Exists(path))
            {
                return null;
            }

            // Not File.ReadAllBytes: on a short read it would loop for ever
            using (FileStream file = new FileStream(path, FileMode.Open, FileAccess.Read))
            {
                byte[] content = new byte[(int)file.Length];
                int done = 0;
                while (done < content.Length)
                {
                    int read = file.Read(content, done, content.Length - done);
                    if (read <= 0)
                    {
                        throw new IOException(name + " ends early");
                    }

                    done += read;
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
    }
}
