namespace DeviceAgent.Tests.Fakes
{
    /// <summary>Comparisons for the fakes, which make many.</summary>
    internal static class Text
    {
        /// <summary>
        /// Whether a text begins with another. A board's <c>StartsWith</c> copies the text each time, and the nanoCLR, which inlines it,
        /// may then mistake what is left on its stack for an object: so no collection should run there.
        /// </summary>
        public static bool Begins(string text, string beginning) => text.IndexOf(beginning) == 0;
    }
}
