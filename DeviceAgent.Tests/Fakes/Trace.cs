using System.Collections;
using DeviceAgent.Board;

namespace DeviceAgent.Tests.Fakes
{
    /// <summary>What happened to the storage and the cloud, one after the other: what came before what is for tests to see.</summary>
    public sealed class Trace : ILog
    {
        private readonly ArrayList _events = new ArrayList();

        /// <summary>Adds an event.</summary>
        public void Add(string text) => _events.Add(text);

        /// <inheritdoc/>
        public void Write(string line) => Add(line);

        /// <summary>Forgets all events.</summary>
        public void Clear() => _events.Clear();

        /// <summary>How many events begin with this text.</summary>
        public int Count(string beginning)
        {
            int count = 0;
            foreach (string text in _events)
            {
                count += Text.Begins(text, beginning) ? 1 : 0;
            }

            return count;
        }

        /// <summary>Where the first event is that begins with this text; −1 where there is none.</summary>
        public int IndexOf(string beginning)
        {
            for (int i = 0; i < _events.Count; i++)
            {
                if (Text.Begins((string)_events[i], beginning))
                {
                    return i;
                }
            }

            return -1;
        }

        /// <summary>All events, with a bar between them.</summary>
        public override string ToString()
        {
            string all = "";
            foreach (string text in _events)
            {
                all += all.Length == 0 ? text : " | " + text;
            }

            return all;
        }
    }
}
