namespace nanoFramework.TestFramework
{
    /// <summary>Output of tests.</summary>
    public static class OutputHelper
    {
        /// <summary>Writes text.</summary>
        /// <param name="message">The text.</param>
        public static void Write(string message) => Console.Write(message);

        /// <summary>Writes a line.</summary>
        /// <param name="message">The line.</param>
        public static void WriteLine(string message) => Console.WriteLine(message);
    }
}
