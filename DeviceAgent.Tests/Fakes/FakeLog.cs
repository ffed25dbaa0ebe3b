using System.Collections;
using DeviceAgent.Board;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>Collects what the agent tells, and notices a secret in it.</summary>
    public sealed class FakeLog : ILog
    {
        private const int LinesKept = 20;

        private readonly ArrayList _lines = new ArrayList();

        /// <summary>The first line that held a key, a token or a password; <see langword="null"/> where none did.</summary>
        public string Leak { get; private set; }

        /// <summary>The line written last.</summary>
        public string Last => (string)_lines[_lines.Count - 1];

        /// <inheritdoc/>
        public void Write(string line)
        {
            if (line.Contains("KEY-") || line.Contains("-----") || line.Contains("TOKEN-") || line.Contains(FakeParts.WifiPassword))
            {
                Leak = Leak ?? line;
            }

            if (Text.Begins(line, "reading "))
            {
                return; // one for each reading would push out what a test looks for
            }

            if (_lines.Count == LinesKept)
            {
                _lines.RemoveAt(0);
            }

            _lines.Add(line);
        }

        /// <summary>How many of the last lines hold this text.</summary>
        public int Count(string text)
        {
            int count = 0;
            foreach (string line in _lines)
            {
                count += line.Contains(text) ? 1 : 0;
            }

            return count;
        }

        /// <summary>Whether one of the last lines holds this text.</summary>
        public bool Has(string text) => Count(text) > 0;
    }
}
