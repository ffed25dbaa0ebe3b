using System.Collections;

namespace nanoFramework.TestFramework
{
    /// <summary>nanoFramework.TestFramework's assertions on collections.</summary>
    public sealed class CollectionAssert
    {
        private CollectionAssert()
        {
        }

        /// <summary>Fails unless the collection is empty.</summary>
        /// <param name="collection">The collection.</param>
        /// <param name="message">What is meant.</param>
        public static void Empty(ICollection collection, string message = "") =>
            Assert.Expect(Assert.Given(collection).Count == 0, "CollectionAssert.Empty", message);

        /// <summary>Fails if the collection is empty.</summary>
        /// <param name="collection">The collection.</param>
        /// <param name="message">What is meant.</param>
        public static void NotEmpty(ICollection collection, string message = "") =>
            Assert.Expect(Assert.Given(collection).Count != 0, "CollectionAssert.NotEmpty", message);

        /// <summary>Fails unless both have equal elements in the same order.</summary>
        /// <param name="expected">What is right.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreEqual(ICollection expected, ICollection actual, string message = "")
        {
            if (FindDifference(expected, actual) is { } difference)
            {
                Assert.Fail("CollectionAssert.AreEqual", $"{message}({difference})");
            }
        }

        /// <summary>Fails if both have equal elements in the same order.</summary>
        /// <param name="notExpected">What is wrong.</param>
        /// <param name="actual">What is.</param>
        /// <param name="message">What is meant.</param>
        public static void AreNotEqual(ICollection notExpected, ICollection actual, string message = "") =>
            Assert.Expect(FindDifference(notExpected, actual) is not null, "CollectionAssert.AreNotEqual", $"{message}(Both collections contain the same elements.)");

        private static string FindDifference(ICollection expected, ICollection actual)
        {
            if (ReferenceEquals(expected, actual))
            {
                return null;
            }

            if (expected is null || actual is null)
            {
                return "One of them is null.";
            }

            if (expected.Count != actual.Count)
            {
                return "Different number of elements.";
            }

            var rest = actual.GetEnumerator();
            var index = 0;
            foreach (var item in expected)
            {
                rest.MoveNext();
                if (!Equals(item, rest.Current))
                {
                    return $"Element at index {index} do not match. Expected:<{item}>. Actual:<{rest.Current}>.";
                }

                index++;
            }

            return null;
        }
    }
}
