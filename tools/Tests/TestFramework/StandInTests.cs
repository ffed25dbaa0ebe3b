using System;
using System.Collections;
using nanoFramework.TestFramework;

namespace Tests.TestFramework
{
    // Written as the board's tests are: only nanoFramework.TestFramework's names, no object, state in statics.
    [TestClass]
    public class StandInTests
    {
        private static int s_setUps;
        private static int s_cleanUps;

        [Setup]
        public void SetUp()
        {
            s_setUps++;
        }

        [Cleanup]
        public void CleanUp()
        {
            s_cleanUps++;
        }

        [TestMethod]
        public void Set_up_ran_once()
        {
            Assert.AreEqual(1, s_setUps);
            Assert.AreEqual(0, s_cleanUps);
        }

        [TestMethod]
        public void Set_up_ran_once_for_all()
        {
            Assert.AreEqual(1, s_setUps);
            Assert.AreEqual(0, s_cleanUps);
        }

        [TestMethod]
        public void There_is_no_object()
        {
            Assert.IsNull(this);
        }

        [TestMethod]
        [DataRow(1, "one", true)]
        [DataRow(2, "two", false)]
        public void Rows_bring_their_arguments(int number, string text, bool isOdd)
        {
            Assert.IsNull(this);
            Assert.AreEqual(number == 1 ? "one" : "two", text);
            Assert.AreEqual(number % 2 == 1, isOdd);
        }

        [TestMethod]
        [DataRow(null, 1)]
        public void A_row_may_hold_null(string text, int number)
        {
            Assert.AreEqual(1, number);
            Assert.IsNull(text);
        }

        [TestMethod]
        public void Assertions_that_hold_say_nothing()
        {
            Assert.AreEqual("a", "a");
            Assert.AreEqual(1, (object)1);
            Assert.AreEqual(2.5, 2.5);
            Assert.AreNotEqual("a", "A");
            Assert.AreNotEqual(1L, 2L);
            Assert.AreSame("a", "a");
            Assert.AreNotSame(new object(), new object());
            Assert.IsTrue(true);
            Assert.IsFalse(false);
            Assert.IsNull(null);
            Assert.IsNotNull("a");
            Assert.IsInstanceOfType("a", typeof(string));
            Assert.IsNotInstanceOfType("a", typeof(object));
            Assert.Contains("b", "abc");
            Assert.DoesNotContains("d", "abc");
            Assert.StartsWith("a", "abc");
            Assert.EndsWith("c", "abc");
            Assert.ThrowsException(typeof(InvalidOperationException), () => throw new InvalidOperationException());
            CollectionAssert.AreEqual(new byte[] { 1, 2 }, new byte[] { 1, 2 });
            CollectionAssert.AreNotEqual(new byte[] { 1, 2 }, new byte[] { 2, 1 });
            CollectionAssert.Empty(new ArrayList());
            CollectionAssert.NotEmpty(new int[1]);
        }

        [TestMethod]
        public void Assertions_that_do_not_hold_throw()
        {
            AssertFails(() => Assert.AreEqual("a", "A"));
            AssertFails(() => Assert.AreEqual(1, (object)1L));
            AssertFails(() => Assert.AreNotEqual(1, 1));
            AssertFails(() => Assert.AreSame(new object(), new object()));
            AssertFails(() => Assert.AreNotSame("a", "a"));
            AssertFails(() => Assert.IsTrue(false));
            AssertFails(() => Assert.IsFalse(true));
            AssertFails(() => Assert.IsNull("a"));
            AssertFails(() => Assert.IsNotNull(null));
            AssertFails(() => Assert.IsInstanceOfType("a", typeof(object)));
            AssertFails(() => Assert.IsInstanceOfType(null, typeof(object)));
            AssertFails(() => Assert.IsNotInstanceOfType("a", typeof(string)));
            AssertFails(() => Assert.Contains("d", "abc"));
            AssertFails(() => Assert.DoesNotContains("b", "abc"));
            AssertFails(() => Assert.StartsWith("b", "abc"));
            AssertFails(() => Assert.EndsWith("b", "abc"));
            AssertFails(() => Assert.ThrowsException(typeof(Exception), () => throw new InvalidOperationException()));
            AssertFails(() => Assert.ThrowsException(typeof(Exception), () => { }));
            AssertFails(() => CollectionAssert.AreEqual(new byte[] { 1 }, new byte[] { 2 }));
            AssertFails(() => CollectionAssert.AreEqual(new byte[] { 1 }, new byte[] { 1, 2 }));
            AssertFails(() => CollectionAssert.AreEqual(new byte[] { 1 }, null));
            AssertFails(() => CollectionAssert.AreNotEqual(new byte[] { 1 }, new byte[] { 1 }));
            AssertFails(() => CollectionAssert.Empty(new int[1]));
            AssertFails(() => CollectionAssert.NotEmpty(new ArrayList()));
        }

        private static void AssertFails(Action action)
        {
            Assert.ThrowsException(typeof(TestFrameworkShared.AssertFailedException), action);
        }
    }
}
