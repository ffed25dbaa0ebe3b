using System.IO;

namespace DeviceAgent.Board
{
    /// <summary>
    /// The board's internal storage: a handful of small files in one flat folder.
    /// </summary>
    public interface IStorage
    {
        /// <summary>Reads a whole file.</summary>
        /// <param name="name">The file's name, without a path.</param>
        /// <returns>What is in it; <see langword="null"/> where there is no such file.</returns>
        /// <exception cref="IOException">The file is there and cannot be read.</exception>
        byte[] Read(string name);

        /// <summary>
        /// Writes a whole file, replacing the one that is there. What was written is durable when this returns.
        /// A power cut in the middle may leave the old content, the new, a part of it, or no file.
        /// </summary>
        /// <param name="name">The file's name, without a path.</param>
        /// <param name="content">What the file is to hold.</param>
        /// <exception cref="IOException">Not all could be written, as when the storage is full.</exception>
        void Write(string name, byte[] content);

        /// <summary>Whether a file holds exactly these bytes, read anew from the storage. Costs next to no memory.</summary>
        /// <param name="name">The file's name, without a path.</param>
        /// <param name="content">What it should hold.</param>
        /// <returns><see langword="false"/> where it holds something else, is not there, or cannot be read.</returns>
        bool Holds(string name, byte[] content);

        /// <summary>Deletes a file; says nothing where there is none.</summary>
        /// <param name="name">The file's name, without a path.</param>
        /// <exception cref="IOException">The file is there and cannot be deleted.</exception>
        void Delete(string name);

        /// <summary>The names of all files.</summary>
        string[] List();
    }
}
