using System.Reflection;
using Microsoft.VisualStudio.TestTools.UnitTesting;
using nanoFramework.TestFramework;
using Assert = Microsoft.VisualStudio.TestTools.UnitTesting.Assert;
using BoardDataRow = nanoFramework.TestFramework.DataRowAttribute;
using BoardTestClassAttribute = nanoFramework.TestFramework.TestClassAttribute;
using BoardTestMethod = nanoFramework.TestFramework.TestMethodAttribute;
using CollectionAssert = Microsoft.VisualStudio.TestTools.UnitTesting.CollectionAssert;

namespace Tests.TestFramework;

[Microsoft.VisualStudio.TestTools.UnitTesting.TestClass]
public sealed class BoardTestClassTests
{
    private static readonly List<string> s_calls = [];

    /// <summary>The classes that the board's launcher would run, and MSTest here.</summary>
    private static IEnumerable<Type> BoardTestClasses =>
        typeof(BoardTestClassTests).Assembly.GetTypes().Where(type => type.IsDefined(typeof(BoardTestClassAttribute), false) && type != typeof(BoardTestClass));

    [Microsoft.VisualStudio.TestTools.UnitTesting.TestMethod]
    public void Set_up_and_clean_up_run_once_around_the_tests_of_a_class()
    {
        s_calls.Clear();

        BoardTestClass.Enter(typeof(First));
        BoardTestClass.Enter(typeof(First));
        BoardTestClass.Enter(typeof(Second));
        BoardTestClass.Enter(typeof(Third));

        CollectionAssert.AreEqual(new[] { "first set up", "first cleaned up", "second set up", "second cleaned up" }, s_calls);
    }

    [Microsoft.VisualStudio.TestTools.UnitTesting.TestMethod]
    public void Every_test_fails_after_a_set_up_that_failed()
    {
        for (var test = 0; test < 2; test++)
        {
            var failure = Assert.ThrowsExactly<InvalidOperationException>(() => BoardTestClass.Enter(typeof(Failing)));
            Assert.AreEqual("no set-up", failure.Message);
        }

        BoardTestClass.Enter(typeof(Third));
    }

    [Microsoft.VisualStudio.TestTools.UnitTesting.TestMethod]
    public void A_set_up_that_skips_skips_the_class_and_its_clean_up()
    {
        s_calls.Clear();

        for (var test = 0; test < 2; test++)
        {
            Assert.ThrowsExactly<SkipTestException>(() => BoardTestClass.Enter(typeof(Skipping)));
        }

        BoardTestClass.Enter(typeof(Third));

        Assert.IsEmpty(s_calls);
    }

    [Microsoft.VisualStudio.TestTools.UnitTesting.TestMethod]
    public void MSTest_finds_every_test_that_the_board_would_run()
    {
        var faults = new List<string>();
        foreach (var type in BoardTestClasses)
        {
            if (!type.IsVisible || type.IsAbstract)
            {
                faults.Add($"{type}: not a public class that can be made");
            }

            foreach (var method in type.GetMethods(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static))
            {
                var isTest = method.IsDefined(typeof(BoardTestMethod));
                var hasRows = method.IsDefined(typeof(BoardDataRow));
                var isAround = method.IsDefined(typeof(SetupAttribute)) || method.IsDefined(typeof(CleanupAttribute));
                if (!isTest && !hasRows && !isAround)
                {
                    continue;
                }

                if (!method.IsPublic || method.ReturnType != typeof(void))
                {
                    faults.Add($"{type}.{method.Name}: not public void; a board ignores it or its result");
                }

                if (isTest && method.IsStatic)
                {
                    faults.Add($"{type}.{method.Name}: static; MSTest does not find it");
                }

                if (hasRows && !isTest)
                {
                    faults.Add($"{type}.{method.Name}: [DataRow] without [TestMethod]; MSTest does not find it");
                }

                if (!hasRows && method.GetParameters().Length > 0)
                {
                    faults.Add($"{type}.{method.Name}: parameters without [DataRow]");
                }
            }
        }

        Assert.IsEmpty(faults, string.Join(Environment.NewLine, faults));
    }

    public static class First
    {
        [Setup]
        public static void SetUp() => s_calls.Add("first set up");

        [Cleanup]
        public static void CleanUp() => s_calls.Add("first cleaned up");
    }

    public class Second
    {
        [Setup]
        public void SetUp() => s_calls.Add("second set up");

        [Cleanup]
        public void CleanUp() => s_calls.Add("second cleaned up");
    }

    public class Third
    {
    }

    public class Failing
    {
        [Setup]
        public void SetUp() => throw new InvalidOperationException("no set-up");
    }

    public class Skipping
    {
        [Setup]
        public void SetUp() => nanoFramework.TestFramework.Assert.SkipTest("not here");

        [Cleanup]
        public void CleanUp() => s_calls.Add("cleaned up");
    }
}
